#include "reference_fields.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace brine {

void HarmonicField::compute(int n, const double* positions, const Cell&, double& energy,
                            double* forces, double virial[9]) {
  if (anchors_.size() != 3 * static_cast<std::size_t>(n))
    throw std::invalid_argument("a harmonic field needs one anchor for each atom");
  energy = 0;
  std::fill(virial, virial + 9, 0.0);
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < 3; ++k) {
      const double x = positions[3 * i + k] - anchors_[3 * i + k];
      energy += 0.5 * stiffness_ * x * x;
      forces[3 * i + k] = -stiffness_ * x;
    }
    for (int a = 0; a < 3; ++a)
      for (int b = 0; b < 3; ++b)
        virial[3 * a + b] += positions[3 * i + a] * forces[3 * i + b];
  }
}

LennardJonesField::LennardJonesField(double epsilon, double sigma, double cutoff)
    : epsilon_(epsilon),
      sigma_(sigma),
      cutoff_(cutoff),
      skin_(0.3 * sigma),
      closest_(std::numeric_limits<double>::infinity()) {}

// 4ε(s¹² − s⁶) times (1 − r²/c²)³, smooth to the second derivative at the cutoff c.
void LennardJonesField::pair(double r2, double& energy, double& force_over_r) const {
  const double c2 = cutoff_ * cutoff_;
  const double s2 = sigma_ * sigma_ / r2, s6 = s2 * s2 * s2;
  const double bare = 4 * epsilon_ * s6 * (s6 - 1);
  const double bare_force = 24 * epsilon_ * s6 * (2 * s6 - 1) / r2;
  const double q = 1 - r2 / c2;
  energy = bare * q * q * q;
  force_over_r = bare_force * q * q * q + bare * 6 * q * q / c2;
}

bool LennardJonesField::stale(const double* positions, const Cell& cell) const {
  if (built_at_.empty()) return true;
  for (int d = 0; d < 3; ++d)
    for (int k = 0; k < 3; ++k)
      if (cell.rows[d][k] != built_cell_.rows[d][k]) return true;
  double worst = 0;
  for (std::size_t i = 0; i < built_at_.size(); i += 3) {
    double d2 = 0;
    for (int k = 0; k < 3; ++k) {
      const double x = positions[i + k] - built_at_[i + k];
      d2 += x * x;
    }
    worst = std::max(worst, d2);
  }
  return !(4 * worst < skin_ * skin_);
}

void LennardJonesField::rebuild(int n, const double* positions, const Cell& cell) {
  list_ = neighbours(n, positions, cell, cutoff_ + skin_);
  built_at_.assign(positions, positions + 3 * n);
  built_cell_ = cell;
}

void LennardJonesField::compute(int n, const double* positions, const Cell& cell,
                                double& energy, double* forces, double virial[9]) {
  if (built_at_.size() != 3 * static_cast<std::size_t>(n) || stale(positions, cell))
    rebuild(n, positions, cell);
  energy = 0;
  std::fill(forces, forces + 3 * n, 0.0);
  std::fill(virial, virial + 9, 0.0);
  double closest2 = std::numeric_limits<double>::infinity();
  for (int i = 0; i < n; ++i) {
    for (int e = list_.first[i]; e < list_.first[i + 1]; ++e) {
      double d[3], r2 = 0;
      const int* shift = &list_.shift[3 * e];
      for (int k = 0; k < 3; ++k) {
        d[k] = positions[3 * list_.atom[e] + k] - positions[3 * i + k] +
               shift[0] * cell.rows[0][k] + shift[1] * cell.rows[1][k] +
               shift[2] * cell.rows[2][k];
        r2 += d[k] * d[k];
      }
      if (r2 >= cutoff_ * cutoff_) continue;
      closest2 = std::min(closest2, r2);
      double pair_energy, force;
      pair(r2, pair_energy, force);
      energy += 0.5 * pair_energy;
      for (int a = 0; a < 3; ++a) {
        forces[3 * i + a] -= force * d[a];
        for (int b = 0; b < 3; ++b) virial[3 * a + b] += 0.5 * force * d[a] * d[b];
      }
    }
  }
  closest_ = std::sqrt(closest2);
}

}  // namespace brine
