// The local environment of an atom as numbers: two-body radial channels and the
// three-body power spectrum.
//
//   A^{a}_{nlm}   = Σ_{j of element a} g_n(r_ij) Y_lm(r̂_ij)         density of a
//   φ²_{an}       = Σ_{j of element a} h_n(r_ij)
//   φ³_{αβ,l}     = Σ_m A_{αlm} A_{βlm} − δ_{ab} Σ_j g_n(r_j) g_n'(r_j),
//                   α = (a, n) ≤ β = (b, n')
//
// Y is scaled so that Σ_m Y_lm(u) Y_lm(v) = P_l(u·v). The subtracted sum is j paired
// with itself, a two-body function: without it a dimer has no three-body features.
// Every radial function is T_n(x(r)) (1 − r²/R²)³, x a map of [0, R] onto [1, −1] that
// resolves short distances more finely; it and its first two derivatives vanish at R.
#pragma once

#include <type_traits>

namespace brine {

// Of a vector of numbers, or of a number itself.
template <class V>
struct ElementOf {
  using type = std::decay_t<decltype(V{}[0])>;
};
template <>
struct ElementOf<double> {
  using type = double;
};
template <class V>
using Element = typename ElementOf<V>::type;

template <class V>
struct Radial {  // one map and cutoff; values of T_n f and their derivatives
  double cutoff, scale;

  template <class Visit>
  inline __attribute__((always_inline)) void operator()(V r, int n,
                                                        Visit&& visit) const {
    using Number = Element<V>;
    const double end = 1.0 / (1.0 + cutoff * cutoff / (scale * scale));
    const Number curvature = 1.0 / (scale * scale), inverse2 = 1.0 / (cutoff * cutoff);
    const Number stretch = 2.0 / (1.0 - end), middle = (1.0 + end) / (1.0 - end);
    const V s = 1 / (1 + r * r * curvature);
    const V x = stretch * s - middle;
    const V dx = s * s * r * (-2 * curvature * stretch);
    const V inside = 1 - r * r * inverse2;
    const V room = inside > 0 ? inside : inside - inside;
    const V f = room * room * room;
    const V df = room * room * r * (-6 * inverse2);
    V t = f - f + 1, t_next = x, d = t - t, d_next = t;
    for (int k = 0; k < n; ++k) {
      visit(k, f * t, df * t + f * d * dx);
      const V t_after = 2 * x * t_next - t;
      const V d_after = 2 * t_next + 2 * x * d_next - d;
      t = t_next, t_next = t_after;
      d = d_next, d_next = d_after;
    }
  }
};

// sqrt at compile time, by Newton's iteration.
constexpr double square_root(double value) {
  double root = value > 1 ? value : 1;
  for (int k = 0; k < 60; ++k) root = 0.5 * (root + value / root);
  return root;
}

// Factors of the real harmonics: sqrt((2 − δ_m0) (l − m)! / (l + m)!).
template <int L>
struct HarmonicFactors {
  double value[(L + 1) * (L + 2) / 2] = {};
  constexpr HarmonicFactors() {
    for (int l = 0; l <= L; ++l)
      for (int m = 0; m <= l; ++m) {
        double ratio = m == 0 ? 1.0 : 2.0;
        for (int k = l - m + 1; k <= l + m; ++k) ratio /= k;
        value[l * (l + 1) / 2 + m] = square_root(ratio);
      }
  }
};

// Calls visit(l, lm, Y, ∂x, ∂y, ∂z) for the solid harmonics r^l Y_lm up to l = L at the
// unit vector (x, y, z); lm = l² + l ± m. From the derivatives of the solid harmonics,
// ∇Y_lm(r̂) = (∂ − l Y r̂)/r.
//   Q_l^m = ((2l − 1) z Q_{l−1}^m − (l + m − 1) Q_{l−2}^m)/(l − m)
//   ∂_x Q_l^m = −x Q_{l−1}^{m+1},  ∂_z Q_l^m = (l + m) Q_{l−1}^m
//   (x + iy)^m = c_m + i s_m,      Y_{l,±m} = F_lm Q_l^m {c_m, s_m}
template <int L, class V, class Visit>
inline __attribute__((always_inline)) void each_harmonic(V x, V y, V z, Visit&& visit) {
  using Number = Element<V>;
  constexpr HarmonicFactors<L> factors;
  const V zero = x - x, one = zero + 1;
  V q[(L + 1) * (L + 2) / 2], c[L + 1], s[L + 1];
  c[0] = one, s[0] = zero;
#pragma GCC unroll 16
  for (int m = 1; m <= L; ++m) {
    c[m] = x * c[m - 1] - y * s[m - 1];
    s[m] = x * s[m - 1] + y * c[m - 1];
  }
  double diagonal = 1.0;
#pragma GCC unroll 16
  for (int m = 0; m <= L; ++m) {
    q[m * (m + 1) / 2 + m] = zero + Number(diagonal);
    diagonal *= 2 * m + 1;
  }
#pragma GCC unroll 16
  for (int l = 1; l <= L; ++l) {
    q[l * (l + 1) / 2 + l - 1] = Number(2 * l - 1) * z * q[(l - 1) * l / 2 + l - 1];
#pragma GCC unroll 16
    for (int m = l - 2; m >= 0; --m)
      q[l * (l + 1) / 2 + m] = (Number(2 * l - 1) * z * q[(l - 1) * l / 2 + m] -
                                Number(l + m - 1) * q[(l - 2) * (l - 1) / 2 + m]) *
                               Number(1.0 / (l - m));
  }
#pragma GCC unroll 16
  for (int l = 0; l <= L; ++l) {
#pragma GCC unroll 16
    for (int m = 0; m <= l; ++m) {
      const Number factor = factors.value[l * (l + 1) / 2 + m];
      const V value = factor * q[l * (l + 1) / 2 + m];
      const V above = m + 1 <= l - 1 ? factor * q[(l - 1) * l / 2 + m + 1] : zero;
      const V along =
          m <= l - 1 ? (factor * Number(l + m)) * q[(l - 1) * l / 2 + m] : zero;
      const V c_less = m > 0 ? Number(m) * c[m > 0 ? m - 1 : 0] : zero;
      const V s_less = m > 0 ? Number(m) * s[m > 0 ? m - 1 : 0] : zero;
      visit(l, l * l + l + m, value * c[m], value * c_less - x * above * c[m],
            -value * s_less - y * above * c[m], along * c[m]);
      if (m > 0)
        visit(l, l * l + l - m, value * s[m], value * s_less - x * above * s[m],
              value * c_less - y * above * s[m], along * s[m]);
    }
  }
}

// Sizes and the places of features in a centre's row.
struct DescriptorShape {
  int n_elements;
  int n_two;    // radial channels of the two-body part
  int n_three;  // radial channels of the three-body part
  int l_max;
  double two_cutoff, three_cutoff;
  double two_scale, three_scale;  // Å, resolution of short distances

  int n_channels() const { return n_elements * n_three; }  // α = a·n_three + n
  int n_pairs() const { return n_channels() * (n_channels() + 1) / 2; }
  int n_harmonics() const { return (l_max + 1) * (l_max + 1); }
  // One constant, the two-body channels, then for each l the pairs α ≤ β.
  int two_start() const { return 1; }
  int three_start() const { return 1 + n_elements * n_two; }
  int n_features() const { return three_start() + (l_max + 1) * n_pairs(); }
  int pair(int alpha, int beta) const {  // alpha ≤ beta
    return alpha * n_channels() - alpha * (alpha - 1) / 2 + beta - alpha;
  }
};

}  // namespace brine
