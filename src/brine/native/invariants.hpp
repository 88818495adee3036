// Rotational invariants of three densities: for each l₁ ≤ l₂ ≤ l₃, l₁ ≥ 1, of an even
// sum that obey the triangle inequality there is one,
//   Σ_{m₁m₂m₃} ⟨Y_{l₁m₁} Y_{l₂m₂} Y_{l₃m₃}⟩ U_{l₁m₁} V_{l₂m₂} U_{l₃m₃},
// ⟨⟩ the average over the sphere. An odd sum would change sign under reflection.
#pragma once

#include <vector>

namespace brine {

// The terms that share the first factor, places among the harmonics: from the end of
// the row before to `end`.
struct CouplingRow {
  int triple, first, end;
};
template <class Number>
struct Coupling {
  int second, third;
  Number factor;
};

struct Couplings {
  std::vector<CouplingRow> rows;
  std::vector<Coupling<double>> terms;
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

// Of all invariants up to l_max ≤ 5.
Couplings couplings(int l_max);

}  // namespace brine
