#include "invariants.hpp"

#include <cmath>

#include "descriptor.hpp"

namespace brine {

namespace {

constexpr int most = 5, n_harmonics = (most + 1) * (most + 1);
constexpr int n_rings = 8, n_around = 16;  // exact up to degree 15

// A point of the sphere, its share, and the harmonics there.
struct Point {
  double share, harmonics[n_harmonics];
};

// Gauss and Legendre's rings, found by Newton's iteration.
std::vector<Point> points() {
  const double pi = std::acos(-1.0);
  std::vector<Point> found;
  for (int ring = 0; ring < n_rings; ++ring) {
    double z = std::cos(pi * (ring + 0.75) / (n_rings + 0.5)), slope = 0;
    for (int iteration = 0; iteration < 20; ++iteration) {
      double p = z, before = 1;
      for (int l = 2; l <= n_rings; ++l) {
        const double next = ((2 * l - 1) * z * p - (l - 1) * before) / l;
        before = p, p = next;
      }
      slope = n_rings * (z * p - before) / (z * z - 1);
      z -= p / slope;
    }
    const double width = std::sqrt(1 - z * z);
    for (int k = 0; k < n_around; ++k) {
      const double phi = 2 * pi * (k + 0.5) / n_around;
      Point point{1 / (width * width * slope * slope * n_around), {}};
      each_harmonic<most>(width * std::cos(phi), width * std::sin(phi), z,
                          [&](int, int lm, double y, double, double, double) {
                            point.harmonics[lm] = y;
                          });
      found.push_back(point);
    }
  }
  return found;
}

}  // namespace

Couplings couplings(int l_max) {
  const std::vector<Point> sphere = points();
  Couplings found;
  int triple = 0;
  each_triple(l_max, [&](int a, int b, int c) {
    for (int i = a * a; i < (a + 1) * (a + 1); ++i) {
      for (int j = b * b; j < (b + 1) * (b + 1); ++j)
        for (int k = c * c; k < (c + 1) * (c + 1); ++k) {
          double mean = 0;
          for (const Point& point : sphere)
            mean += point.share * point.harmonics[i] * point.harmonics[j] *
                    point.harmonics[k];
          if (std::abs(mean) > 1e-9) found.terms.push_back({j, k, mean});
        }
      found.rows.push_back({triple, i, static_cast<int>(found.terms.size())});
    }
    ++triple;
  });
  return found;
}

}  // namespace brine
