// What gives forces to the dynamics: the native potential, or any calculator
// reached through Python.
#pragma once

namespace brine {

// Row-vector cell, Å; positions of a pair image are r + n·cell.
struct Cell {
  double rows[3][3];
  bool periodic[3];
};

struct ForceField {
  virtual ~ForceField() = default;

  // Energy in eV, forces in eV/Å and virial W = Σ r ⊗ f = −V·stress in eV of
  // n atoms at positions (3n, Å; they need not be wrapped into the cell).
  virtual void compute(int n, const double* positions, const Cell& cell, double& energy,
                       double* forces, double virial[9]) = 0;

  // Forget every neighbour list, so that the next evaluation depends on nothing
  // but its arguments (bit-identical restart).
  virtual void forget() {}

  // Shortest distance seen by the last evaluation minus what the potential
  // supports for that pair of elements, Å; negative where it extrapolates.
  // +infinity where the force field cannot tell.
  virtual double closest_margin() const;
};

}  // namespace brine
