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

// A list survives while atoms move, and while the cell shrinks or grows as a whole,
// by less than the skin.
bool LennardJonesField::stale(const double* positions, const Cell& cell) const {
  if (built_at_.empty()) return true;
  double scale = 1;
  for (int k = 0; k < 3; ++k)
    if (built_cell_.rows[k][k] != 0) scale = cell.rows[k][k] / built_cell_.rows[k][k];
  for (int d = 0; d < 3; ++d)
    for (int k = 0; k < 3; ++k)
      if (std::abs(cell.rows[d][k] - scale * built_cell_.rows[d][k]) > 1e-9)
        return true;
  double worst = 0;
  for (std::size_t i = 0; i < built_at_.size(); i += 3) {
    double d2 = 0;
    for (int k = 0; k < 3; ++k) {
      const double x = positions[i + k] - scale * built_at_[i + k];
      d2 += x * x;
    }
    worst = std::max(worst, d2);
  }
  return !(2 * std::sqrt(worst) < scale * (cutoff_ + skin_) - cutoff_);
}

// Each pair of atoms once; the images of an atom itself stay twice.
void LennardJonesField::rebuild(int n, const double* positions, const Cell& cell) {
  const NeighbourList full = neighbours(n, positions, cell, cutoff_ + skin_);
  list_.first.assign(1, 0);
  list_.atom.clear();
  list_.shift.clear();
  for (int i = 0; i < n; ++i) {
    for (int e = full.first[i]; e < full.first[i + 1]; ++e) {
      if (full.atom[e] < i) continue;
      list_.atom.push_back(full.atom[e]);
      for (int d = 0; d < 3; ++d) list_.shift.push_back(full.shift[3 * e + d]);
    }
    list_.first.push_back(static_cast<int>(list_.atom.size()));
  }
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
      const int j = list_.atom[e];
      const int* shift = &list_.shift[3 * e];
      double d[3], r2 = 0;
      for (int k = 0; k < 3; ++k) {
        d[k] = positions[3 * j + k] - positions[3 * i + k] +
               shift[0] * cell.rows[0][k] + shift[1] * cell.rows[1][k] +
               shift[2] * cell.rows[2][k];
        r2 += d[k] * d[k];
      }
      if (r2 >= cutoff_ * cutoff_) continue;
      closest2 = std::min(closest2, r2);
      double pair_energy, force;
      pair(r2, pair_energy, force);
      const double share = j == i ? 0.5 : 1.0;
      energy += share * pair_energy;
      for (int a = 0; a < 3; ++a) {
        forces[3 * i + a] -= share * force * d[a];
        forces[3 * j + a] += share * force * d[a];
        for (int b = 0; b < 3; ++b) virial[3 * a + b] += share * force * d[a] * d[b];
      }
    }
  }
  closest_ = std::sqrt(closest2);
}

}  // namespace brine
