// Energy and forces of one centre, in single or double precision: what goes in and
// out, and one kernel for each instruction set it was compiled for.
//
// Everything here is plain pointers and numbers: code compiled for one instruction
// set must not leave a shared inline function behind for another.
#pragma once

#include "descriptor.hpp"

namespace brine {

template <class Number>
constexpr int lanes = 64 / sizeof(Number);  // in one 64-byte vector

// A `LinearModel` with its numbers rounded and its channels padded to whole vectors.
template <class Number>
struct KernelModel {
  DescriptorShape shape;
  int padded, width;  // channels of an element, and of all, with padding
  Number reach;       // Å
  const double* bias;
  Number start, step;
  int n_intervals;
  const Number* tables;     // [centre][neighbour][interval][6]
  const Number* quadratic;  // [centre][l][width][width]
  const double* shortest;   // [centre][neighbour] Å
};

// Neighbours of one centre inside the reach, packed by element; `near` ones lie
// within the three-body cutoff. Every run is padded to whole vectors.
template <class Number>
struct PackedNeighbours {
  struct Run {
    int begin, count;
  };
  int* atom;
  Number* places;         // (x, y, z, r²), then gradients
  Number *x, *y, *z, *r;  // from the centre, Å
  Run *near, *far;        // by element
};

// Room for one thread.
template <class Number>
struct Scratch {
  PackedNeighbours<Number> packed;
  Number *g, *slope, *rows, *harmonics, *density, *derivative;
  Number* gradient[3];  // ∂E/∂(neighbour), eV/Å
};

struct Totals {
  double energy = 0, virial[9] = {}, margin = 1e300;
};

// What the kernel needs of one step.
struct Step {
  const int* element;
  const double* places;  // [place][4], Å: the atoms, then images of some
  const int* first;      // [(centre, element)] runs into `place` and `atom`
  const int* place;
  const int* atom;
};

// Adds the energy of `centre`, the forces it exerts, [atom][4], and its virial.
template <class Number>
using CentreKernel = void (*)(const KernelModel<Number>&, const Step&, int centre,
                              Scratch<Number>&, Totals&, double* forces);

// The kernel for a shape; null where there is none.
namespace portable {
template <class Number>
CentreKernel<Number> kernel(const DescriptorShape& shape);
}
namespace avx2 {
template <class Number>
CentreKernel<Number> kernel(const DescriptorShape& shape);
}
namespace avx512 {
template <class Number>
CentreKernel<Number> kernel(const DescriptorShape& shape);
}

}  // namespace brine
