// The native potential as Python hands it over: what depends on one distance is one
// table per ordered pair of elements, the rest is a readout of the density.
#pragma once

#include <vector>

#include "descriptor.hpp"
#include "neural_shape.hpp"

namespace brine {

// Tables are piecewise quintics: V(r) = Σ_p c_p t^p, t = (r − start)/step − k, for the
// ordered pair (element of the centre, element of the neighbour); linear below `start`.
struct PairTables {
  double start, step;  // Å
  int n_intervals;
  std::vector<double> values;    // [centre][neighbour][interval][6], eV
  std::vector<double> shortest;  // [centre][neighbour] Å, supported by data

  double wall(std::size_t pair) const {  // Å; the table vanishes beyond
    const double* table = values.data() + pair * n_intervals * 6;
    int k = 6 * n_intervals;
    while (k > 0 && table[k - 1] == 0) --k;
    return start + step * ((k + 5) / 6);
  }
};

struct LinearModel {
  DescriptorShape shape;
  std::vector<double> bias;  // [element] eV
  PairTables tables;
  std::vector<double> quadratic;  // [centre][l][α][α'], symmetric
};

struct NeuralModel {
  DescriptorShape shape;
  std::vector<double> bias;  // [element] eV
  PairTables tables;
  NeuralShape neural;
  std::vector<double> weights;  // [centre], laid out by `neural`
};

}  // namespace brine
