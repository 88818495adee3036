#include "dynamics.hpp"

#include <chrono>
#include <cmath>
#include <utility>

namespace brine {

namespace {

constexpr double boltzmann = 8.617333262145e-5;  // eV/K, as in units.py
constexpr double kinetic = 103.642696562;        // eV in one amu Å²/fs²
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

double determinant(const double m[3][3]) {
  return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
         m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
         m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

}  // namespace

Dynamics::Dynamics(ForceField& field, std::vector<double> positions,
                   std::vector<double> velocities, std::vector<double> masses,
                   const Cell& cell, const DynamicsSettings& settings)
    : field_(field),
      settings_(settings),
      positions_(std::move(positions)),
      velocities_(std::move(velocities)),
      masses_(std::move(masses)),
      forces_(positions_.size()),
      inverse_masses_(positions_.size()),
      total_mass_(0),
      cell_(cell),
      random_(settings.seed) {
  const int n = n_atoms();
  for (int i = 0; i < n; ++i) {
    total_mass_ += masses_[i];
    for (int k = 0; k < 3; ++k) inverse_masses_[3 * i + k] = 1 / (kinetic * masses_[i]);
  }
  freedom_ = 3 * n - (settings_.centre_fixed ? 3 : 0);
  fix_centre();
  earlier_temperature_ = temperature();
}

void Dynamics::evaluate() {
  field_.compute(n_atoms(), positions_.data(), cell_, energy_, forces_.data(), virial_);
}

void Dynamics::synchronise() {
  field_.forget();
  evaluate();
}

bool Dynamics::restore(std::vector<double> positions, std::vector<double> velocities,
                       const Cell& cell, long step, double bath,
                       double earlier_temperature, const std::string& random_state) {
  if (!random_.restore(random_state)) return false;
  positions_ = std::move(positions);
  velocities_ = std::move(velocities);
  cell_ = cell;
  step_ = step;
  bath_ = bath;
  earlier_temperature_ = earlier_temperature;
  return true;
}

double Dynamics::kinetic_energy() const {
  double sum = 0;
  const int n = n_atoms();
  for (int i = 0; i < n; ++i) {
    const double* v = &velocities_[3 * i];
    sum += masses_[i] * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  }
  return 0.5 * kinetic * sum;
}

double Dynamics::temperature() const {
  return freedom_ > 0 ? 2 * kinetic_energy() / (freedom_ * boltzmann) : 0;
}

double Dynamics::volume() const {
  const bool periodic = cell_.periodic[0] && cell_.periodic[1] && cell_.periodic[2];
  return periodic ? std::abs(determinant(cell_.rows)) : not_a_number;
}

double Dynamics::pressure() const {
  // A centre at rest still exerts its share: N kT, not (N − 1) kT.
  const double ideal = n_atoms() * boltzmann * temperature();
  return (ideal + (virial_[0] + virial_[4] + virial_[8]) / 3) / volume();
}

double Dynamics::conserved_energy() const {
  const double work = settings_.barostat ? settings_.pressure * volume() : 0;
  return energy_ + kinetic_energy() + work - bath_;
}

double Dynamics::target_temperature() const {
  if (settings_.ramp_steps <= 0 || step_ >= settings_.ramp_steps)
    return settings_.end_temperature;
  const double done = static_cast<double>(step_) / settings_.ramp_steps;
  return settings_.start_temperature +
         done * (settings_.end_temperature - settings_.start_temperature);
}

void Dynamics::kick(double dt) {
  const std::size_t size = velocities_.size();
  for (std::size_t k = 0; k < size; ++k)
    velocities_[k] += dt * forces_[k] * inverse_masses_[k];
  fix_centre();
}

void Dynamics::drift(double dt) {
  const std::size_t size = velocities_.size();
  for (std::size_t k = 0; k < size; ++k) positions_[k] += dt * velocities_[k];
}

void Dynamics::fix_centre() {
  if (!settings_.centre_fixed) return;
  double mean[3] = {0, 0, 0};
  const int n = n_atoms();
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < 3; ++k) mean[k] += masses_[i] * velocities_[3 * i + k];
  for (double& m : mean) m /= total_mass_;
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < 3; ++k) velocities_[3 * i + k] -= mean[k];
}

void Dynamics::advance() {
  const double dt = settings_.timestep;
  ++step_;
  kick(0.5 * dt);
  if (settings_.thermostat == Thermostat::langevin) {
    drift(0.5 * dt);
    langevin();
    drift(0.5 * dt);
  } else {
    drift(dt);
  }
  evaluate();
  kick(0.5 * dt);
  if (settings_.thermostat == Thermostat::svr) rescale_velocities();
  if (!settings_.bonds.empty()) thermalise_bonds();
  if (settings_.barostat && step_ % settings_.barostat_interval == 0) rescale_cell();
}

// Bussi, Donadio and Parrinello 2007 (10.1063/1.2408420), appendix: the kinetic
// energy takes its exact step of a first-order relaxation towards the canonical law.
void Dynamics::rescale_velocities() {
  const double now = kinetic_energy();
  if (!(now > 0)) return;
  const double mean = 0.5 * boltzmann * target_temperature();  // for each freedom
  const double keep = std::exp(-settings_.timestep / settings_.time_constant);
  const double first = random_.normal();
  const double others = random_.chi_squared(freedom_ - 1);
  const double fresh = (1 - keep) * mean;
  const double after = keep * now + fresh * (first * first + others) +
                       2 * first * std::sqrt(keep * now * fresh);
  double factor = std::sqrt(after > 0 ? after / now : 0);
  if (first * std::sqrt(fresh) + std::sqrt(keep * now) < 0) factor = -factor;
  for (double& v : velocities_) v *= factor;
  bath_ += after - now;
}

// The O of BAOAB (Leimkuhler and Matthews 2013, 10.1093/amrx/abs010): exact
// Ornstein–Uhlenbeck step, projected where the centre of mass is fixed.
void Dynamics::langevin() {
  const double before = kinetic_energy();
  const double keep = std::exp(-settings_.timestep / settings_.time_constant);
  const double spread = std::sqrt((1 - keep * keep) * boltzmann * target_temperature());
  const int n = n_atoms();
  for (int i = 0; i < n; ++i) {
    const double width = spread * std::sqrt(inverse_masses_[3 * i]);
    for (int k = 0; k < 3; ++k) {
      double& v = velocities_[3 * i + k];
      v = keep * v + width * random_.normal();
    }
  }
  fix_centre();
  bath_ += kinetic_energy() - before;
}

// An exact Ornstein–Uhlenbeck step of each bond's stretching velocity. The impulses are
// central and opposite, so that momentum and angular momentum of every molecule, and
// with them diffusion, are left alone (Lowe 1999, 10.1209/epl/i1999-00365-x).
void Dynamics::thermalise_bonds() {
  const double keep = std::exp(-settings_.timestep / settings_.bond_time);
  const double spread = std::sqrt((1 - keep * keep) * boltzmann * target_temperature());
  for (const Bond& bond : settings_.bonds) {
    double* vi = &velocities_[3 * static_cast<std::size_t>(bond.first)];
    double* vj = &velocities_[3 * static_cast<std::size_t>(bond.second)];
    double along[3], length2 = 0, stretching = 0;
    for (int k = 0; k < 3; ++k) {
      along[k] = positions_[3 * static_cast<std::size_t>(bond.second) + k] -
                 positions_[3 * static_cast<std::size_t>(bond.first) + k];
      for (int d = 0; d < 3; ++d) along[k] += bond.shift[d] * cell_.rows[d][k];
      length2 += along[k] * along[k];
      stretching += along[k] * (vj[k] - vi[k]);
    }
    if (!(length2 > 0)) continue;
    const double length = std::sqrt(length2);
    const double wi = inverse_masses_[3 * static_cast<std::size_t>(bond.first)];
    const double wj = inverse_masses_[3 * static_cast<std::size_t>(bond.second)];
    const double before = stretching / length;
    const double after = keep * before + spread * std::sqrt(wi + wj) * random_.normal();
    const double impulse = (after - before) / (wi + wj);
    for (int k = 0; k < 3; ++k) {
      vi[k] -= wi * impulse * along[k] / length;
      vj[k] += wj * impulse * along[k] / length;
    }
    bath_ += 0.5 * (after * after - before * before) / (wi + wj);
  }
}

// Drift of √V in time: −(β/2τ) √V (P₀ − P − kT/2V), P with the instantaneous
// kinetic energy and, where the centre of mass is fixed, kT/V in its place.
double Dynamics::volume_drift() const {
  const double v = volume(), kt = boltzmann * target_temperature();
  const double centre = settings_.centre_fixed ? kt : 0;
  const double trace = virial_[0] + virial_[4] + virial_[8];
  const double inside = (2 * kinetic_energy() / 3 + centre + trace / 3) / v;
  return -0.5 * settings_.compressibility / settings_.pressure_time * std::sqrt(v) *
         (settings_.pressure - inside - 0.5 * kt / v);
}

// Stochastic cell rescaling (Bernetti and Bussi 2020, 10.1063/5.0020514) in √V,
// whose noise does not depend on the volume. The bath is credited with
// what detailed balance asks of the Euler step forth against the step back.
void Dynamics::rescale_cell() {
  const double kt = boltzmann * target_temperature();
  const double dt = settings_.timestep * settings_.barostat_interval;
  const double width =
      std::sqrt(0.5 * kt * settings_.compressibility / settings_.pressure_time * dt);
  const double root = std::sqrt(volume());
  const double forth = random_.normal();
  const double root_after = root + volume_drift() * dt + width * forth;
  const double scale = std::pow(root_after / root, 2.0 / 3);
  // A step through zero volume, or to no number at all, is left to the guards.
  for (double& r : positions_) r *= scale;
  for (double& v : velocities_) v /= scale;
  for (auto& row : cell_.rows)
    for (double& x : row) x *= scale;
  evaluate();
  // dV = 2 √V d√V, and a fixed centre could be anywhere in V.
  const int powers = settings_.centre_fixed ? 3 : 1;
  bath_ += powers * kt * std::log(root_after / root);
  if (width > 0) {
    const double back = (root - root_after - volume_drift() * dt) / width;
    bath_ += 0.5 * kt * (forth * forth - back * back);
  }
}

Halt Dynamics::check() {
  halt_value_ = energy_;
  if (!std::isfinite(energy_)) return Halt::energy;
  double sum = 0;
  for (double f : forces_) sum += f * f;
  halt_value_ = sum;
  if (!std::isfinite(sum)) return Halt::force;
  const double now = temperature();
  halt_value_ = now;
  if (!(now <= settings_.max_temperature)) return Halt::temperature;
  if (step_ % settings_.history_stride == 0) {
    halt_value_ = now - earlier_temperature_;
    if (halt_value_ > settings_.max_jump) return Halt::jump;
    earlier_temperature_ = now;
  }
  if (settings_.barostat) {
    halt_value_ = volume();
    if (!(halt_value_ >= settings_.min_volume && halt_value_ <= settings_.max_volume))
      return Halt::volume;
  }
  halt_value_ = field_.closest_margin();
  return halt_value_ < settings_.min_margin ? Halt::distance : Halt::none;
}

Halt Dynamics::run(long n_steps, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (long k = 0; k < n_steps; ++k) {
    advance();
    const Halt halt = check();
    if (halt != Halt::none) return halt;
    if (step_ % settings_.history_stride == 0) remember();
    if (Clock::now() >= end) break;
  }
  return Halt::none;
}

Snapshot Dynamics::snapshot() const {
  return {step_, energy_, temperature(), positions_, velocities_, forces_, cell_};
}

void Dynamics::remember() {
  if (settings_.history_length <= 0) return;
  if (ring_.size() < static_cast<std::size_t>(settings_.history_length)) {
    ring_.push_back(snapshot());
    return;
  }
  ring_[oldest_] = snapshot();
  oldest_ = (oldest_ + 1) % ring_.size();
}

std::vector<Snapshot> Dynamics::history() const {
  std::vector<Snapshot> frames;
  for (std::size_t k = 0; k < ring_.size(); ++k)
    frames.push_back(ring_[(oldest_ + k) % ring_.size()]);
  if (frames.empty() || frames.back().step != step_) frames.push_back(snapshot());
  return frames;
}

}  // namespace brine
