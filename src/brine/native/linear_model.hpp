// The linear readout, arranged for speed: all that depends on one distance is one
// table per ordered pair of elements, the rest is a quadratic form in the density.
#pragma once

#include <vector>

#include "descriptor.hpp"

namespace brine {

// Tables are piecewise quintics: V(r) = Σ_p c_p t^p, t = (r − start)/step − k, for the
// ordered pair (element of the centre, element of the neighbour); linear below `start`.
struct LinearModel {
  DescriptorShape shape;
  std::vector<double> bias;  // [element] eV
  double start, step;        // Å
  int n_intervals;
  std::vector<double> tables;     // [centre][neighbour][interval][6]
  std::vector<double> quadratic;  // [centre][l][α][α'], symmetric
  std::vector<double> shortest;   // [centre][neighbour] Å, supported by data

  double reach() const {
    return shape.two_cutoff > shape.three_cutoff ? shape.two_cutoff
                                                 : shape.three_cutoff;
  }
};

}  // namespace brine
