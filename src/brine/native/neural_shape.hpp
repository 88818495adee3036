// The neural readout: sizes, and where each matrix of an element's network stands.
//
//   U_{k,lm} = Σ_α P^l_{αk} A_{αlm},   V_{k,lm} = Σ_α Q^l_{αk} A_{αlm}
//   x = (Σ_m U_{k,lm} V_{k,lm}, invariants of U_k V_k U_k, φ²_{an})
//   E = b₃ + w₃·s(b₂ + W₂ s(b₁ + W₁ x)),   s(x) = x (1 + x/√(1 + x²))/2
//
// A low-rank power spectrum: its cost grows with the number of elements, not with its
// square. s is a smooth ramp that needs a square root and no exponential.
#pragma once

#include <cstddef>

#include "descriptor.hpp"
#include "invariants.hpp"

namespace brine {

struct NeuralShape {
  int products;    // for each l, a multiple of 16
  int hidden;      // width of both hidden layers, a multiple of 16
  int body_order;  // 4: with invariants of three densities; 3: without

  static constexpr int vector = 16;  // sizes are whole vectors of any precision
  static int round_up(int n) { return (n + vector - 1) / vector * vector; }

  int n_triples(const DescriptorShape& d) const {
    return body_order > 3 ? count_triples(d.l_max) : 0;
  }
  int n_products(const DescriptorShape& d) const {
    return (d.l_max + 1 + n_triples(d)) * products;
  }
  int n_inputs(const DescriptorShape& d) const {
    return n_products(d) + round_up(d.n_elements * d.n_two);
  }

  // Offsets into one element's weights: mixes [l][α][P, Q], then the network, input by
  // input: W₁ [input][hidden], b₁, W₂ [hidden][hidden], b₂, w₃, b₃.
  std::size_t mixes(const DescriptorShape& d) const {
    return static_cast<std::size_t>(d.l_max + 1) * d.n_channels() * 2 * products;
  }
  std::size_t w1(const DescriptorShape& d) const { return mixes(d); }
  std::size_t b1(const DescriptorShape& d) const {
    return w1(d) + static_cast<std::size_t>(n_inputs(d)) * hidden;
  }
  std::size_t w2(const DescriptorShape& d) const { return b1(d) + hidden; }
  std::size_t b2(const DescriptorShape& d) const {
    return w2(d) + static_cast<std::size_t>(hidden) * hidden;
  }
  std::size_t w3(const DescriptorShape& d) const { return b2(d) + hidden; }
  std::size_t b3(const DescriptorShape& d) const { return w3(d) + hidden; }
  std::size_t size(const DescriptorShape& d) const { return b3(d) + 1; }
  // From one element's weights to the next in the kernels: whole vectors.
  std::size_t stride(const DescriptorShape& d) const { return b3(d) + vector; }

  // The same turned, for the way back: mixes [l][P, Q][width], W₁ᵀ, W₂ᵀ.
  std::size_t turned_w1(const DescriptorShape& d, int width) const {
    return static_cast<std::size_t>(d.l_max + 1) * 2 * products * width;
  }
  std::size_t turned_w2(const DescriptorShape& d, int width) const {
    return turned_w1(d, width) + static_cast<std::size_t>(n_inputs(d)) * hidden;
  }
  std::size_t turned_size(const DescriptorShape& d, int width) const {
    return turned_w2(d, width) + static_cast<std::size_t>(hidden) * hidden;
  }
};

}  // namespace brine
