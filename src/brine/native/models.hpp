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

  double end() const { return start + step * n_intervals; }  // they vanish beyond
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
