// Vectors of 64 bytes, by the compiler's own vector types, and what moves numbers between
// their lanes. Included by every kernel of BRINE_ISA, whose namespace keeps the copies
// for different instruction sets apart.
#pragma once

#include <type_traits>

#include "kernel.hpp"

namespace brine::BRINE_ISA {

namespace {

template <class Number>
struct Vectors {
  static constexpr int lanes = brine::lanes<Number>;
  typedef Number Vector
      __attribute__((vector_size(64), aligned(alignof(Number)), may_alias));

  // Three components and one to spare, of any precision.
  template <class T>
  struct FourOf {
    typedef T type
        __attribute__((vector_size(4 * sizeof(T)), aligned(alignof(T)), may_alias));
  };
  template <class T>
  using Four = typename FourOf<T>::type;
  template <class T>
  static const Four<T>* four(const T* p) {
    return reinterpret_cast<const Four<T>*>(p);
  }
  template <class T>
  static Four<T>* four(T* p) {
    return reinterpret_cast<Four<T>*>(p);
  }

  static Vector load(const Number* p) { return *reinterpret_cast<const Vector*>(p); }
  static void store(Number* p, const Vector& v) { *reinterpret_cast<Vector*>(p) = v; }
  static int round_up(int n) { return (n + lanes - 1) / lanes * lanes; }

  static Number total(const Vector& v) {
    Number sum = 0;
    for (int k = 0; k < lanes; ++k) sum += v[k];
    return sum;
  }

  template <class Mask>
  static bool any(const Mask& mask) {
    bool found = false;
    for (int lane = 0; lane < lanes; ++lane) found |= mask[lane] != 0;
    return found;
  }

  // A vector of W numbers.
  template <int W>
  struct Short {
    typedef Number type __attribute__((vector_size(W * sizeof(Number)),
                                       aligned(alignof(Number)), may_alias));
  };

  // W vectors at `from`, turned, to as many rows of W as there are lanes, `stride`
  // apart: in squares, whose blocks of 1 × 1 change places, then of 2 × 2, and so on.
  template <int W>
  static void transpose(const Number* from, Number* to, int stride) {
    using Part = typename Short<W>::type;
    using Index = std::conditional_t<sizeof(Number) == 8, long long, int>;
    typedef Index Order __attribute__((vector_size(W * sizeof(Number))));
    for (int square = 0; square < lanes; square += W) {
      Part row[W];
      for (int k = 0; k < W; ++k)
        row[k] = *reinterpret_cast<const Part*>(from + k * lanes + square);
#pragma GCC unroll 4
      for (int half = 1; half < W; half *= 2) {
        Order upper, lower;
#pragma GCC unroll 16
        for (int i = 0; i < W; ++i) {
          upper[i] = i & half ? W + i - half : i;
          lower[i] = i & half ? W + i : i + half;
        }
#pragma GCC unroll 16
        for (int k = 0; k < W; ++k)
          if (!(k & half)) {
            const Part a = row[k], b = row[k + half];
            row[k] = __builtin_shuffle(a, b, upper);
            row[k + half] = __builtin_shuffle(a, b, lower);
          }
      }
#pragma GCC unroll 16
      for (int k = 0; k < W; ++k)
        *reinterpret_cast<Part*>(to + (square + k) * stride) = row[k];
    }
  }

  // (x, y, z, 0) one after the other.
  static void interleave(const Vector& x, const Vector& y, const Vector& z,
                         Number* to) {
    using Index = std::conditional_t<sizeof(Number) == 8, long long, int>;
    typedef Index Order __attribute__((vector_size(64)));
    const Vector zero = {};
    Order one_low, one_high, two_low, two_high;
#pragma GCC unroll 16
    for (int k = 0; k < lanes; ++k) {
      one_low[k] = k / 2 + (k % 2) * lanes, one_high[k] = one_low[k] + lanes / 2;
      two_low[k] = k / 4 * 2 + k % 2 + (k % 4 / 2) * lanes;
      two_high[k] = two_low[k] + lanes / 2;
    }
    const Vector xy[2] = {__builtin_shuffle(x, y, one_low),
                          __builtin_shuffle(x, y, one_high)};
    const Vector z0[2] = {__builtin_shuffle(z, zero, one_low),
                          __builtin_shuffle(z, zero, one_high)};
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      store(to + 2 * half * lanes, __builtin_shuffle(xy[half], z0[half], two_low));
      store(to + (2 * half + 1) * lanes,
            __builtin_shuffle(xy[half], z0[half], two_high));
    }
  }
};

}  // namespace

}  // namespace brine::BRINE_ISA
