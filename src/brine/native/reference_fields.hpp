// Force fields whose answers are known: what dynamics is proved on.
#pragma once

#include <vector>

#include "force_field.hpp"
#include "neighbours.hpp"

namespace brine {

// Every atom on its own isotropic spring: E = Σ ½ k |r − r₀|². Springs of zero
// stiffness make an ideal gas.
class HarmonicField : public ForceField {
 public:
  HarmonicField(std::vector<double> anchors, double stiffness)
      : anchors_(std::move(anchors)), stiffness_(stiffness) {}
  void compute(int n, const double* positions, const Cell& cell, double& energy,
               double* forces, double virial[9]) override;

 private:
  std::vector<double> anchors_;
  double stiffness_;
};

// Lennard-Jones, truncated so that energy and force vanish smoothly at the cutoff.
class LennardJonesField : public ForceField {
 public:
  LennardJonesField(double epsilon, double sigma, double cutoff);
  void compute(int n, const double* positions, const Cell& cell, double& energy,
               double* forces, double virial[9]) override;
  void forget() override { built_at_.clear(); }
  double closest_margin() const override { return closest_ - 0.5 * sigma_; }

 private:
  bool stale(const double* positions, const Cell& cell) const;
  void rebuild(int n, const double* positions, const Cell& cell);
  // Energy and −(dE/dr)/r of a pair.
  void pair(double r2, double& energy, double& force_over_r) const;

  double epsilon_, sigma_, cutoff_, skin_;
  double closest_;
  NeighbourList list_;
  std::vector<double> built_at_;
  Cell built_cell_;
};

}  // namespace brine
