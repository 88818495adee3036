#include "design.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "neighbours.hpp"

namespace brine {

namespace {

// One neighbour of a centre: where it is and what it adds to the density.
struct Neighbour {
  int atom, element;
  double r, unit[3];
  std::vector<double> two, two_slope;    // n_two
  std::vector<double> g, slope;          // n_three
  std::vector<double> y, y_gradient[3];  // harmonics; gradient in Å⁻¹
};

template <int L>
void expand_angles(Neighbour& b) {
  each_harmonic<L>(b.unit[0], b.unit[1], b.unit[2],
                   [&](int l, int lm, double y, double dx, double dy, double dz) {
                     b.y[lm] = y;
                     const double d[3] = {dx, dy, dz};
                     for (int k = 0; k < 3; ++k)
                       b.y_gradient[k][lm] = (d[k] - l * y * b.unit[k]) / b.r;
                   });
}

void expand_angles(int l_max, Neighbour& b) {
  switch (l_max) {
    case 0: return expand_angles<0>(b);
    case 1: return expand_angles<1>(b);
    case 2: return expand_angles<2>(b);
    case 3: return expand_angles<3>(b);
    case 4: return expand_angles<4>(b);
    case 5: return expand_angles<5>(b);
    default: throw std::invalid_argument("`l_max` must be at most 5");
  }
}

class Environment {
 public:
  Environment(const DescriptorShape& shape, const NeighbourList& list, int centre,
              const int* element, const double* r, const Cell& cell)
      : shape_(shape), density_(shape.n_harmonics() * shape.n_channels(), 0.0) {
    for (int k = list.first[centre]; k < list.first[centre + 1]; ++k)
      add(list.atom[k], &list.shift[3 * k], centre, element, r, cell);
  }

  void features(double* phi) const {
    phi[0] += 1.0;
    for (const Neighbour& b : neighbours_)
      for (int n = 0; n < shape_.n_two; ++n)
        phi[shape_.two_start() + b.element * shape_.n_two + n] += b.two[n];
    const int D = shape_.n_channels();
    for (int l = 0; l <= shape_.l_max; ++l) {
      double* p = phi + shape_.three_start() + l * shape_.n_pairs();
      for (int lm = l * l; lm < (l + 1) * (l + 1); ++lm) {
        const double* a = &density_[lm * D];
        double* out = p;
        for (int alpha = 0; alpha < D; ++alpha)
          for (int beta = alpha; beta < D; ++beta) *out++ += a[alpha] * a[beta];
      }
      for (const Neighbour& b : neighbours_) {
        if (b.g.empty()) continue;
        const int first = b.element * shape_.n_three;
        for (int n = 0; n < shape_.n_three; ++n)
          for (int k = n; k < shape_.n_three; ++k)
            p[shape_.pair(first + n, first + k)] -= b.g[n] * b.g[k];
      }
    }
  }

  const std::vector<Neighbour>& neighbours() const { return neighbours_; }

  // Gradient of the features with respect to neighbour `b`: 3 rows of n_features.
  void gradient(const Neighbour& b, double* rows) const {
    const int F = shape_.n_features(), D = shape_.n_channels(), N = shape_.n_three;
    for (int k = 0; k < 3; ++k) {
      double* two = rows + k * F + shape_.two_start() + b.element * shape_.n_two;
      for (int n = 0; n < shape_.n_two; ++n) two[n] = b.two_slope[n] * b.unit[k];
    }
    if (b.g.empty()) return;
    const int first = b.element * N;
    std::vector<double> t(D);
    for (int k = 0; k < 3; ++k) {
      for (int l = 0; l <= shape_.l_max; ++l) {
        double* p = rows + k * F + shape_.three_start() + l * shape_.n_pairs();
        for (int n = 0; n < N; ++n) {
          std::fill(t.begin(), t.end(), 0.0);
          for (int lm = l * l; lm < (l + 1) * (l + 1); ++lm) {
            const double change =
                b.slope[n] * b.unit[k] * b.y[lm] + b.g[n] * b.y_gradient[k][lm];
            const double* a = &density_[lm * D];
            for (int beta = 0; beta < D; ++beta) t[beta] += change * a[beta];
          }
          const int alpha = first + n;
          for (int beta = 0; beta < alpha; ++beta) p[shape_.pair(beta, alpha)] += t[beta];
          double* row = p + shape_.pair(alpha, alpha);
          row[0] += t[alpha];
          for (int beta = alpha; beta < D; ++beta) row[beta - alpha] += t[beta];
          for (int m = n; m < N; ++m)
            row[m - n] -= (b.slope[n] * b.g[m] + b.g[n] * b.slope[m]) * b.unit[k];
        }
      }
    }
  }

 private:
  void add(int j, const int* shift, int centre, const int* element, const double* r,
           const Cell& cell) {
    double d[3], r2 = 0;
    for (int k = 0; k < 3; ++k) {
      d[k] = r[3 * j + k] - r[3 * centre + k];
      for (int c = 0; c < 3; ++c) d[k] += shift[c] * cell.rows[c][k];
      r2 += d[k] * d[k];
    }
    Neighbour b;
    b.atom = j, b.element = element[j], b.r = std::sqrt(r2);
    for (int k = 0; k < 3; ++k) b.unit[k] = d[k] / b.r;
    b.two.resize(shape_.n_two, 0.0), b.two_slope.resize(shape_.n_two, 0.0);
    if (b.r < shape_.two_cutoff)
      Radial<double>{shape_.two_cutoff, shape_.two_scale}(
          b.r, shape_.n_two,
          [&](int n, double g, double dg) { b.two[n] = g, b.two_slope[n] = dg; });
    if (b.r < shape_.three_cutoff) {
      b.g.resize(shape_.n_three), b.slope.resize(shape_.n_three);
      Radial<double>{shape_.three_cutoff, shape_.three_scale}(
          b.r, shape_.n_three,
          [&](int n, double g, double dg) { b.g[n] = g, b.slope[n] = dg; });
      b.y.resize(shape_.n_harmonics());
      for (auto& component : b.y_gradient) component.resize(shape_.n_harmonics());
      expand_angles(shape_.l_max, b);
      for (int lm = 0; lm < shape_.n_harmonics(); ++lm) {
        double* a = &density_[lm * shape_.n_channels() + b.element * shape_.n_three];
        for (int n = 0; n < shape_.n_three; ++n) a[n] += b.g[n] * b.y[lm];
      }
    }
    neighbours_.push_back(std::move(b));
  }

  const DescriptorShape& shape_;
  std::vector<double> density_;  // [lm][α]
  std::vector<Neighbour> neighbours_;
};

double reach(const DescriptorShape& shape) {
  return std::max(shape.two_cutoff, shape.three_cutoff);
}

}  // namespace

void design_rows(const DescriptorShape& shape, int n, const int* element,
                 const double* positions, const Cell& cell, double* rows) {
  const NeighbourList list = neighbours(n, positions, cell, reach(shape));
  const int F = shape.n_features();
  const std::size_t width = static_cast<std::size_t>(shape.n_elements) * F;
  double* stress = rows + (1 + 3 * static_cast<std::size_t>(n)) * width;
  constexpr int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};
  std::vector<double> gradient(3 * static_cast<std::size_t>(F));
  for (int i = 0; i < n; ++i) {
    const Environment environment(shape, list, i, element, positions, cell);
    const std::size_t block = static_cast<std::size_t>(element[i]) * F;
    environment.features(rows + block);
    double* own = rows + (1 + 3 * static_cast<std::size_t>(i)) * width + block;
    for (const Neighbour& b : environment.neighbours()) {
      std::fill(gradient.begin(), gradient.end(), 0.0);
      environment.gradient(b, gradient.data());
      double* other = rows + (1 + 3 * static_cast<std::size_t>(b.atom)) * width + block;
      for (int k = 0; k < 3; ++k) {
        const double* d = &gradient[k * static_cast<std::size_t>(F)];
        double* at = other + k * width;
        double* from = own + k * width;
        for (int f = 0; f < F; ++f) at[f] -= d[f];
        for (int f = 0; f < F; ++f) from[f] += d[f];
      }
      for (int v = 0; v < 6; ++v) {
        const double lever = b.r * b.unit[voigt[v][0]];
        const double* d = &gradient[voigt[v][1] * static_cast<std::size_t>(F)];
        double* at = stress + v * width + block;
        for (int f = 0; f < F; ++f) at[f] += lever * d[f];
      }
    }
  }
}

void atom_features(const DescriptorShape& shape, int n, const int* element,
                   const double* positions, const Cell& cell, double* features) {
  const NeighbourList list = neighbours(n, positions, cell, reach(shape));
  for (int i = 0; i < n; ++i)
    Environment(shape, list, i, element, positions, cell)
        .features(features + static_cast<std::size_t>(i) * shape.n_features());
}

}  // namespace brine
