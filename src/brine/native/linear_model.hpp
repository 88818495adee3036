// The linear readout, arranged for speed: all that depends on one distance is one
// table per ordered pair of elements, the rest is a quadratic form in the density.
#pragma once

#include <cstddef>
#include <vector>

#include "descriptor.hpp"

namespace brine {

constexpr int lanes = 8;  // doubles in one 64-byte vector

// Piecewise quintic: V(r) = Σ_p c_p t^p, t = (r − start)/step − k, for the ordered
// pair (element of the centre, element of the neighbour). Linear below `start`.
struct PairTables {
  double start, step;
  int n_intervals;
  std::vector<double> coefficients;  // [centre][neighbour][interval][6]

  const double* of(int n_elements, int centre, int neighbour) const {
    return &coefficients[(static_cast<std::size_t>(centre) * n_elements + neighbour) *
                         n_intervals * 6];
  }
};

struct LinearModel {
  DescriptorShape shape;
  std::vector<double> bias;  // [element] eV
  PairTables pairs;
  std::vector<double> quadratic;  // [centre][l][α][α'], padded, symmetric
  std::vector<double> shortest;   // [centre][neighbour] Å, supported by data

  int padded() const { return (shape.n_three + lanes - 1) / lanes * lanes; }
  int width() const { return shape.n_elements * padded(); }
  const double* matrix(int centre, int l) const {
    const std::size_t square = static_cast<std::size_t>(width()) * width();
    return &quadratic[(static_cast<std::size_t>(centre) * (shape.l_max + 1) + l) *
                      square];
  }
  double reach() const {
    return shape.two_cutoff > shape.three_cutoff ? shape.two_cutoff
                                                 : shape.three_cutoff;
  }
};

// Neighbours of one centre inside the reach, packed by element; `near` ones lie
// within the three-body cutoff. Every run is padded to whole vectors.
struct PackedNeighbours {
  struct Run {
    int begin, count;
  };
  int* atom;
  double *x, *y, *z, *r;  // from the centre, Å
  Run *near, *far;        // by element
};

// Room for one thread. The kernel works on these pointers alone: code compiled for
// one instruction set must not leave a shared inline function behind for another.
struct Scratch {
  PackedNeighbours packed;
  double *g, *slope, *rows, *harmonics, *density, *derivative;
  double* gradient[3];  // ∂E/∂(neighbour), eV/Å
};

struct Totals {
  double energy = 0, virial[9] = {}, margin = 1e300;
};

// What the kernel needs of one step.
struct Step {
  const double* positions;
  const int* element;
  const double* translations;  // [image][3], Å
  const int* first;            // [(centre, element)] runs into `atom` and `image`
  const int* atom;
  const int* image;
};

// Adds the energy of `centre`, the forces it exerts and its virial.
using CentreKernel = void (*)(const LinearModel&, const Step&, int centre, Scratch&,
                              Totals&, double* forces);

// The kernel for this processor; null where the shape has none.
CentreKernel centre_kernel(const DescriptorShape& shape);

}  // namespace brine
