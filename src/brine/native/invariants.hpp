// Rotational invariants of three densities: for each l₁ ≤ l₂ ≤ l₃, l₁ ≥ 1, of an even
// sum that obey the triangle inequality there is one,
//   Σ_{m₁m₂m₃} ⟨Y_{l₁m₁} Y_{l₂m₂} Y_{l₃m₃}⟩ U_{l₁m₁} V_{l₂m₂} U_{l₃m₃},
// ⟨⟩ the average over the sphere. An odd sum would change sign under reflection.
#pragma once

#include <vector>

namespace brine {

// One term of the sum: places of its three factors among the harmonics.
template <class Number>
struct Coupling {
  int first, second, third;
  Number factor;
};

template <class Visit>
constexpr void each_triple(int l_max, Visit&& visit) {
  for (int a = 1; a <= l_max; ++a)
    for (int b = a; b <= l_max; ++b)
      for (int c = b; c <= l_max && c <= a + b; ++c)
        if ((a + b + c) % 2 == 0) visit(a, b, c);
}

constexpr int count_triples(int l_max) {
  int count = 0;
  each_triple(l_max, [&](int, int, int) { ++count; });
  return count;
}

// The terms of each invariant up to l_max ≤ 5.
std::vector<std::vector<Coupling<double>>> couplings(int l_max);

}  // namespace brine
