#include "design.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "neighbours.hpp"

// Compiled once per instruction set where the loader can choose between copies.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define BRINE_CLONES \
  __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define BRINE_CLONES
#endif

namespace brine {

namespace {

constexpr int max_channels = 1024;

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
    case 0:
      return expand_angles<0>(b);
    case 1:
      return expand_angles<1>(b);
    case 2:
      return expand_angles<2>(b);
    case 3:
      return expand_angles<3>(b);
    case 4:
      return expand_angles<4>(b);
    case 5:
      return expand_angles<5>(b);
    default:
      throw std::invalid_argument("`l_max` must be at most 5");
  }
}

// One component of what a neighbour adds to the density.
struct Bump {
  const double *g, *slope, *y, *y_gradient;
  double unit;
};

// Adds one component of the gradient of the power spectrum with respect to a
// neighbour whose channels start at `first`.
BRINE_CLONES void three_body_gradient(const DescriptorShape& shape, int first,
                                      const double* density, const Bump& bump,
                                      double* rows) {
  const int D = shape.n_channels(), N = shape.n_three;
  double t[max_channels];
  for (int l = 0; l <= shape.l_max; ++l) {
    double* p = rows + l * shape.n_pairs();
    for (int n = 0; n < N; ++n) {
      for (int beta = 0; beta < D; ++beta) t[beta] = 0;
      for (int lm = l * l; lm < (l + 1) * (l + 1); ++lm) {
        const double change =
            bump.slope[n] * bump.unit * bump.y[lm] + bump.g[n] * bump.y_gradient[lm];
        const double* a = density + lm * D;
        for (int beta = 0; beta < D; ++beta) t[beta] += change * a[beta];
      }
      const int alpha = first + n;
      for (int beta = 0; beta < alpha; ++beta) p[shape.pair(beta, alpha)] += t[beta];
      double* row = p + shape.pair(alpha, alpha);
      row[0] += t[alpha];
      for (int beta = alpha; beta < D; ++beta) row[beta - alpha] += t[beta];
      for (int m = n; m < N; ++m)
        row[m - n] -=
            (bump.slope[n] * bump.g[m] + bump.g[n] * bump.slope[m]) * bump.unit;
    }
  }
}

BRINE_CLONES void add_multiple(int n, double factor, const double* from, double* to) {
  for (int f = 0; f < n; ++f) to[f] += factor * from[f];
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
    const int F = shape_.n_features();
    for (int k = 0; k < 3; ++k) {
      double* two = rows + k * F + shape_.two_start() + b.element * shape_.n_two;
      for (int n = 0; n < shape_.n_two; ++n) two[n] = b.two_slope[n] * b.unit[k];
    }
    if (b.g.empty()) return;
    for (int k = 0; k < 3; ++k)
      three_body_gradient(
          shape_, b.element * shape_.n_three, density_.data(),
          {b.g.data(), b.slope.data(), b.y.data(), b.y_gradient[k].data(), b.unit[k]},
          rows + k * F + shape_.three_start());
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
  const std::size_t row = F;
  std::vector<double> gradient(3 * row), own(3 * row), strain(6 * row);
  for (int i = 0; i < n; ++i) {
    const Environment environment(shape, list, i, element, positions, cell);
    const std::size_t block = element[i] * row;
    environment.features(rows + block);
    std::fill(own.begin(), own.end(), 0.0);
    std::fill(strain.begin(), strain.end(), 0.0);
    for (const Neighbour& b : environment.neighbours()) {
      std::fill(gradient.begin(), gradient.end(), 0.0);
      environment.gradient(b, gradient.data());
      double* other = rows + (1 + 3 * static_cast<std::size_t>(b.atom)) * width + block;
      for (int k = 0; k < 3; ++k)
        add_multiple(F, -1.0, &gradient[k * row], other + k * width);
      add_multiple(3 * F, 1.0, gradient.data(), own.data());
      for (int v = 0; v < 6; ++v)
        add_multiple(F, b.r * b.unit[voigt[v][0]], &gradient[voigt[v][1] * row],
                     &strain[v * row]);
    }
    double* centre = rows + (1 + 3 * static_cast<std::size_t>(i)) * width + block;
    for (int k = 0; k < 3; ++k) add_multiple(F, 1.0, &own[k * row], centre + k * width);
    for (int v = 0; v < 6; ++v)
      add_multiple(F, 1.0, &strain[v * row], stress + v * width + block);
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
