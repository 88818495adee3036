// Energy and forces of one centre, in single or double precision: what goes in and
// out, and one kernel for each instruction set it was compiled for.
//
// Everything here is plain pointers and numbers: code compiled for one instruction
// set must not leave a shared inline function behind for another.
#pragma once

#include "descriptor.hpp"
#include "neural_shape.hpp"

namespace brine {

template <class Number>
constexpr int lanes = 64 / sizeof(Number);  // in one 64-byte vector
constexpr int channels = 8;                 // channels of an element come in eights

// A model with its numbers rounded and its channels padded to eights.
template <class Number>
struct KernelModel {
  DescriptorShape shape;
  int padded, width;  // channels of an element, and of all, with padding
  Number reach;       // Å
  const double* bias;
  Number start, step;
  int n_intervals;
  const Number* tables;     // [centre][neighbour][interval][6]
  const Number* walls;      // [centre][neighbour] Å; the table vanishes beyond
  const double* shortest;   // [centre][neighbour] Å
  const Number* quadratic;  // linear: [centre][l][width][width]
  NeuralShape neural;
  const CouplingRow* rows;  // neural: of all invariants
  int n_rows;
  const Coupling<Number>* couplings;
  const Number* weights;     // neural: [centre], laid out by its shape
  const Number* transposed;  // neural: [centre], the same matrices turned
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
  Number* two_slope;    // of the two-body functions, [block][n]
  Number* neural;       // inputs and layers of the network
  Number *moved_rows, *moved_harmonics, *moved_density;  // d/dt along a tangent
};

struct Totals {
  double energy = 0, virial[9] = {}, margin = 1e300;
};

// What the kernel needs of one step.
struct Step {
  const int* element;
  const double* places;  // [place][4], Å: atoms and images
  const int* own;        // [atom] its place
  const int* order;      // atoms by element, then by place
  const int* first;      // [(centre, element)] runs into `place` and `atom`
  const int* place;
  const int* atom;
};

// Adds the energy of `centre`, the forces it exerts, [atom][4], and its virial.
template <class Number>
using CentreKernel = void (*)(const KernelModel<Number>&, const Step&, int centre,
                              Scratch<Number>&, Totals&, Number* forces);

// What the network of one centre reads and its second hidden layer, to `out`.
template <class Number>
using CentreLayers = void (*)(const KernelModel<Number>&, const Step&, int centre,
                              Scratch<Number>&, double* out);

// A direction in which atoms and cell move, and a weight of the energy beside it.
struct Tangent {
  double energy;
  const double* motion;  // [atom][4], Å
  double strain[9];      // pair vectors move by r·strain
};

// Adds the gradient with respect to the weights of `energy`·E + dE/dt of one centre,
// t along the tangent, to `out`, laid out as the weights are.
template <class Number>
using CentreGradient = void (*)(const KernelModel<Number>&, const Step&, int centre,
                                const Tangent&, Scratch<Number>&, Number* out);

// The kernels for a shape; null where there is none.
template <class Number>
struct Kernels {
  CentreKernel<Number> linear, neural;
  CentreLayers<Number> neural_layers;
  CentreGradient<Number> neural_gradient;
};

#define BRINE_KERNELS(isa)                                                 \
  namespace isa {                                                          \
  template <class Number>                                                  \
  CentreKernel<Number> linear_kernel(const DescriptorShape& shape);        \
  template <class Number>                                                  \
  CentreKernel<Number> neural_kernel(const DescriptorShape& shape);        \
  template <class Number>                                                  \
  CentreLayers<Number> neural_layers(const DescriptorShape& shape);        \
  template <class Number>                                                  \
  CentreGradient<Number> neural_gradient(const DescriptorShape& shape);    \
  template <class Number>                                                  \
  Kernels<Number> kernels(const DescriptorShape& shape) {                  \
    return {linear_kernel<Number>(shape), neural_kernel<Number>(shape),    \
            neural_layers<Number>(shape), neural_gradient<Number>(shape)}; \
  }                                                                        \
  }
BRINE_KERNELS(portable)
BRINE_KERNELS(avx2)
BRINE_KERNELS(avx512)
#undef BRINE_KERNELS

}  // namespace brine
