#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>

#include "arrays.hpp"
#include "bindings.hpp"
#include "dynamics.hpp"
#include "reference_fields.hpp"

namespace brine {

namespace {

// A function (positions, cell) → (energy, forces, stress) as a force field.
class PythonForceField : public ForceField {
 public:
  explicit PythonForceField(nb::callable function) : function_(std::move(function)) {}

  void compute(int n, const double* positions, const Cell& cell, double& energy,
               double* forces, double virial[9]) override {
    nb::gil_scoped_acquire hold;
    const std::size_t count = n;
    std::vector<double> rows(&cell.rows[0][0], &cell.rows[0][0] + 9);
    nb::object result = function_(
        to_numpy(std::vector<double>(positions, positions + 3 * n), {count, 3}),
        to_numpy(std::move(rows), {3, 3}));
    energy = nb::cast<double>(result[0]);
    const auto given_forces = nb::cast<Positions>(result[1]);
    const auto stress = nb::cast<Rows>(result[2]);
    if (given_forces.shape(0) != count)
      throw nb::value_error("a force function must return one force for each atom");
    std::copy(given_forces.data(), given_forces.data() + 3 * n, forces);
    const double volume = std::abs(determinant(cell));
    for (int k = 0; k < 9; ++k) virial[k] = -volume * stress.data()[k];
  }

 private:
  static double determinant(const Cell& cell) {
    const auto& m = cell.rows;
    return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
           m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
           m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
  }

  nb::callable function_;
};

using Matrix = nb::ndarray<nb::numpy, double>;
using Column = In<double, nb::shape<-1>>;

std::vector<double> to_vector(const Positions& array) {
  return {array.data(), array.data() + array.size()};
}

Matrix atoms_array(const std::vector<double>& values) {
  return to_numpy(std::vector<double>(values), {values.size() / 3, 3});
}

Matrix rows_array(const Cell& cell) {
  return to_numpy(std::vector<double>(&cell.rows[0][0], &cell.rows[0][0] + 9), {3, 3});
}

nb::list history(const Dynamics& dynamics) {
  nb::list frames;
  for (const Snapshot& s : dynamics.history())
    frames.append(nb::make_tuple(s.step, s.energy, s.temperature,
                                 atoms_array(s.positions), atoms_array(s.velocities),
                                 atoms_array(s.forces), rows_array(s.cell)));
  return frames;
}

void bind_settings(nb::module_& m) {
  nb::enum_<Thermostat>(m, "Thermostat")
      .value("none", Thermostat::none)
      .value("svr", Thermostat::svr)
      .value("langevin", Thermostat::langevin);
  nb::enum_<Halt>(m, "Halt")
      .value("none", Halt::none)
      .value("energy", Halt::energy)
      .value("force", Halt::force)
      .value("temperature", Halt::temperature)
      .value("jump", Halt::jump)
      .value("volume", Halt::volume)
      .value("distance", Halt::distance);
  using S = DynamicsSettings;
  nb::class_<S>(m, "DynamicsSettings")
      .def(nb::init<>())
      .def_rw("timestep", &S::timestep)
      .def_rw("thermostat", &S::thermostat)
      .def_rw("time_constant", &S::time_constant)
      .def_rw("start_temperature", &S::start_temperature)
      .def_rw("end_temperature", &S::end_temperature)
      .def_rw("ramp_steps", &S::ramp_steps)
      .def_rw("bond_time", &S::bond_time)
      .def("add_bond",
           [](S& s, int first, int second, int a, int b, int c) {
             s.bonds.push_back({first, second, {a, b, c}});
           })
      .def_rw("barostat", &S::barostat)
      .def_rw("pressure", &S::pressure)
      .def_rw("compressibility", &S::compressibility)
      .def_rw("pressure_time", &S::pressure_time)
      .def_rw("barostat_interval", &S::barostat_interval)
      .def_rw("centre_fixed", &S::centre_fixed)
      .def_rw("seed", &S::seed)
      .def_rw("max_temperature", &S::max_temperature)
      .def_rw("max_jump", &S::max_jump)
      .def_rw("min_volume", &S::min_volume)
      .def_rw("max_volume", &S::max_volume)
      .def_rw("min_margin", &S::min_margin)
      .def_rw("history_stride", &S::history_stride)
      .def_rw("history_length", &S::history_length);
}

void bind_fields(nb::module_& m) {
  nb::class_<PythonForceField, ForceField>(m, "PythonForceField")
      .def(nb::init<nb::callable>(), nb::arg("function"));
  nb::class_<HarmonicField, ForceField>(m, "HarmonicField")
      .def(
          "__init__",
          [](HarmonicField* self, const Positions& anchors, double stiffness) {
            new (self) HarmonicField(to_vector(anchors), stiffness);
          },
          nb::arg("anchors"), nb::arg("stiffness"));
  nb::class_<LennardJonesField, ForceField>(m, "LennardJonesField")
      .def(nb::init<double, double, double>(), nb::arg("epsilon"), nb::arg("sigma"),
           nb::arg("cutoff"));
}

void construct(Dynamics* self, ForceField& field, const Positions& positions,
               const Positions& velocities, const Column& masses, const Rows& rows,
               const Flags& periodic, const DynamicsSettings& settings) {
  if (velocities.shape(0) != positions.shape(0) ||
      masses.shape(0) != positions.shape(0))
    throw nb::value_error("positions, velocities and masses must be of the same atoms");
  new (self) Dynamics(field, to_vector(positions), to_vector(velocities),
                      {masses.data(), masses.data() + masses.size()},
                      to_cell(rows, periodic), settings);
}

bool restore(Dynamics& self, const Positions& positions, const Positions& velocities,
             const Rows& rows, long step, double bath, double earlier_temperature,
             const std::string& random_state) {
  Cell cell = self.cell();
  std::copy(rows.data(), rows.data() + 9, &cell.rows[0][0]);
  return self.restore(to_vector(positions), to_vector(velocities), cell, step, bath,
                      earlier_temperature, random_state);
}

}  // namespace

void bind_dynamics(nb::module_& m) {
  bind_settings(m);
  bind_fields(m);
  using D = Dynamics;
  nb::class_<D>(m, "Dynamics")
      .def("__init__", &construct, nb::keep_alive<1, 2>(), nb::arg("field"),
           nb::arg("positions"), nb::arg("velocities"), nb::arg("masses"),
           nb::arg("cell"), nb::arg("periodic"), nb::arg("settings"))
      .def("run", &D::run, nb::arg("n_steps"), nb::arg("seconds"),
           nb::call_guard<nb::gil_scoped_release>())
      .def("synchronise", &D::synchronise, nb::call_guard<nb::gil_scoped_release>())
      .def("restore", &restore, nb::arg("positions"), nb::arg("velocities"),
           nb::arg("cell"), nb::arg("step"), nb::arg("bath"),
           nb::arg("earlier_temperature"), nb::arg("random_state"))
      .def("history", &history)
      .def_prop_ro(
          "positions", [](const D& d) { return atoms_array(d.positions()); },
          nb::rv_policy::move)
      .def_prop_ro(
          "velocities", [](const D& d) { return atoms_array(d.velocities()); },
          nb::rv_policy::move)
      .def_prop_ro(
          "forces", [](const D& d) { return atoms_array(d.forces()); },
          nb::rv_policy::move)
      .def_prop_ro(
          "cell", [](const D& d) { return rows_array(d.cell()); }, nb::rv_policy::move)
      .def_prop_ro("step", &D::step)
      .def_prop_ro("energy", &D::energy)
      .def_prop_ro("kinetic_energy", &D::kinetic_energy)
      .def_prop_ro("temperature", &D::temperature)
      .def_prop_ro("pressure", &D::pressure)
      .def_prop_ro("volume", &D::volume)
      .def_prop_ro("conserved_energy", &D::conserved_energy)
      .def_prop_ro("bath", &D::bath)
      .def_prop_ro("earlier_temperature", &D::earlier_temperature)
      .def_prop_ro("target_temperature", &D::target_temperature)
      .def_prop_ro("halt_value", &D::halt_value)
      .def_prop_ro("random_state", &D::random_state);
}

}  // namespace brine
