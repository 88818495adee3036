// One molecular-dynamics loop for every ensemble and every force field.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "force_field.hpp"
#include "random.hpp"

namespace brine {

enum class Thermostat { none, svr, langevin };

// Two bonded atoms, and the lattice vectors that bring the second next to the first.
struct Bond {
  int first, second, shift[3];
};

// Å, eV, fs, amu, K; pressures in eV/Å³.
struct DynamicsSettings {
  double timestep = 0.5;
  Thermostat thermostat = Thermostat::none;
  double time_constant = 100;    // of the thermostat; 1/friction for Langevin
  double start_temperature = 0;  // linear in the step from 0 to ramp_steps
  double end_temperature = 0;
  long ramp_steps = 0;
  bool barostat = false;
  double pressure = 0;
  double compressibility = 0;  // Å³/eV
  double pressure_time = 500;
  std::vector<Bond> bonds;  // whose stretching has a bath of its own
  double bond_time = 0;
  int barostat_interval = 10;  // steps; each event costs one more evaluation
  bool centre_fixed = true;    // momentum removed, 3N − 3 degrees of freedom
  std::uint64_t seed = 0;

  static constexpr double infinity = std::numeric_limits<double>::infinity();
  double max_temperature = infinity;
  double max_jump = infinity;  // rise over `history_stride` steps
  double min_volume = 0;
  double max_volume = infinity;
  double min_margin = -infinity;
  int history_stride = 10;
  int history_length = 8;
};

enum class Halt { none, energy, force, temperature, jump, volume, distance };

struct Snapshot {
  long step;
  double energy, temperature;
  std::vector<double> positions, velocities, forces;
  Cell cell;
};

class Dynamics {
 public:
  Dynamics(ForceField& field, std::vector<double> positions,
           std::vector<double> velocities, std::vector<double> masses, const Cell& cell,
           const DynamicsSettings& settings);

  // At most n steps, fewer once `seconds` have passed or a guard has spoken.
  Halt run(long n_steps, double seconds);

  // Forget neighbour lists and evaluate afresh, as after a restart.
  void synchronise();

  // Put back what a checkpoint holds; false where the random state is no state.
  bool restore(std::vector<double> positions, std::vector<double> velocities,
               const Cell& cell, long step, double bath, double earlier_temperature,
               const std::string& random_state);

  long step() const { return step_; }
  double energy() const { return energy_; }
  double kinetic_energy() const;
  double temperature() const;
  double pressure() const;  // eV/Å³; NaN without a periodic cell
  double volume() const;    // NaN without a periodic cell
  double conserved_energy() const;
  double bath() const { return bath_; }
  double earlier_temperature() const { return earlier_temperature_; }
  double halt_value() const { return halt_value_; }
  double target_temperature() const;
  std::string random_state() const { return random_.state(); }
  int n_atoms() const { return static_cast<int>(masses_.size()); }
  const Cell& cell() const { return cell_; }
  const std::vector<double>& positions() const { return positions_; }
  const std::vector<double>& velocities() const { return velocities_; }
  const std::vector<double>& forces() const { return forces_; }
  std::vector<Snapshot> history() const;  // oldest first, the present one last

 private:
  void evaluate();
  void advance();
  void kick(double dt);
  void drift(double dt);
  void fix_centre();
  void rescale_velocities();
  void langevin();
  void thermalise_bonds();
  void rescale_cell();
  double volume_drift() const;
  Halt check();
  Snapshot snapshot() const;
  void remember();

  ForceField& field_;
  DynamicsSettings settings_;
  std::vector<double> positions_, velocities_, masses_, forces_;
  std::vector<double> inverse_masses_;  // Å²/(eV fs²): acceleration of unit force
  double total_mass_;
  int freedom_;
  Cell cell_;
  double energy_ = 0, virial_[9] = {};
  long step_ = 0;
  double bath_ = 0;  // energy received from thermostat and barostat
  double earlier_temperature_;
  double halt_value_ = 0;
  Random random_;
  std::vector<Snapshot> ring_;
  std::size_t oldest_ = 0;
};

}  // namespace brine
