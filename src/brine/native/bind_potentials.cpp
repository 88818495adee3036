#include <nanobind/stl/vector.h>

#include <stdexcept>

#include "arrays.hpp"
#include "bindings.hpp"
#include "design.hpp"
#include "native_force_field.hpp"
#include "neural_trainer.hpp"

namespace brine {

namespace {

using Elements = In<int, nb::shape<-1>>;

template <class Array>
auto copy(const Array& array) {
  return std::vector(array.data(), array.data() + array.size());
}

nb::ndarray<nb::numpy, double> py_design_rows(const DescriptorShape& shape,
                                              const Elements& element,
                                              const Positions& positions,
                                              const Rows& rows, const Flags& periodic) {
  const Cell cell = to_cell(rows, periodic);
  const int n = static_cast<int>(positions.shape(0));
  const std::size_t height = 1 + 3 * static_cast<std::size_t>(n) + 6;
  const std::size_t width =
      static_cast<std::size_t>(shape.n_elements) * shape.n_features();
  std::vector<double> out;
  {
    nb::gil_scoped_release release;
    out.resize(height * width, 0.0);
    design_rows(shape, n, element.data(), positions.data(), cell, out.data());
  }
  return to_numpy(std::move(out), {height, width});
}

nb::ndarray<nb::numpy, double> py_atom_features(const DescriptorShape& shape,
                                                const Elements& element,
                                                const Positions& positions,
                                                const Rows& rows,
                                                const Flags& periodic) {
  const Cell cell = to_cell(rows, periodic);
  const std::size_t n = positions.shape(0);
  const std::size_t width = shape.n_features();
  std::vector<double> out;
  {
    nb::gil_scoped_release release;
    out.resize(n * width, 0.0);
    atom_features(shape, static_cast<int>(n), element.data(), positions.data(), cell,
                  out.data());
  }
  return to_numpy(std::move(out), {n, width});
}

PairTables make_tables(double start, double step,
                       const In<double, nb::shape<-1, -1, -1, 6>>& values,
                       const In<double, nb::shape<-1, -1>>& shortest) {
  const std::size_t E = values.shape(0);
  if (values.shape(1) != E || shortest.shape(0) != E || shortest.shape(1) != E)
    throw std::invalid_argument("tables need one row and one column per element");
  return {start, step, static_cast<int>(values.shape(2)), copy(values), copy(shortest)};
}

void check_elements(const DescriptorShape& shape, const std::vector<double>& bias,
                    const PairTables& tables) {
  const std::size_t E = shape.n_elements;
  if (bias.size() != E || tables.shortest.size() != E * E)
    throw std::invalid_argument("arrays need one entry per element");
}

LinearModel make_linear(const DescriptorShape& shape,
                        const In<double, nb::shape<-1>>& bias, const PairTables& tables,
                        const In<double, nb::shape<-1, -1, -1, -1>>& quadratic) {
  const std::size_t E = shape.n_elements, N = shape.n_three, L = shape.l_max + 1;
  if (quadratic.shape(0) != E || quadratic.shape(1) != L ||
      quadratic.shape(2) != E * N || quadratic.shape(3) != E * N)
    throw std::invalid_argument("`quadratic` does not have the descriptor's shape");
  LinearModel model{shape, copy(bias), tables, copy(quadratic)};
  check_elements(shape, model.bias, tables);
  return model;
}

NeuralModel make_neural(const DescriptorShape& shape,
                        const In<double, nb::shape<-1>>& bias, const PairTables& tables,
                        const NeuralShape& neural,
                        const In<double, nb::shape<-1, -1>>& weights) {
  if (weights.shape(0) != static_cast<std::size_t>(shape.n_elements) ||
      weights.shape(1) != neural.size(shape))
    throw std::invalid_argument("`weights` does not have the network's shape");
  NeuralModel model{shape, copy(bias), tables, neural, copy(weights)};
  check_elements(shape, model.bias, tables);
  return model;
}

template <class Number>
void bind_trainer(nb::module_& m, const char* name) {
  using Trainer = NeuralTrainer<Number>;
  nb::class_<Trainer>(m, name)
      .def(nb::init<const NeuralModel&, int>(), nb::arg("model"), nb::arg("threads"))
      .def(
          "add_frame",
          [](Trainer& self, const Elements& element, const Positions& positions,
             const Rows& rows, const Flags& periodic) {
            self.add_frame(copy(element), copy(positions), to_cell(rows, periodic));
          },
          nb::arg("element"), nb::arg("positions"), nb::arg("cell"),
          nb::arg("periodic"))
      .def(
          "evaluate",
          [](Trainer& self, const In<double, nb::shape<-1, -1>>& weights,
             const std::vector<int>& frames) {
            std::size_t n = 0;
            for (const int frame : frames) n += self.n_atoms(frame);
            std::vector<double> energy(frames.size()), forces(3 * n),
                virial(9 * frames.size());
            {
              nb::gil_scoped_release release;
              self.evaluate(weights.data(), frames, energy.data(), forces.data(),
                            virial.data());
            }
            return nb::make_tuple(to_numpy(std::move(energy), {frames.size()}),
                                  to_numpy(std::move(forces), {n, 3}),
                                  to_numpy(std::move(virial), {frames.size(), 3, 3}));
          },
          nb::arg("weights"), nb::arg("frames"))
      .def(
          "layers",
          [](Trainer& self, const In<double, nb::shape<-1, -1>>& weights,
             const std::vector<int>& frames) {
            std::size_t n = 0;
            for (const int frame : frames) n += self.n_atoms(frame);
            std::vector<double> out(n * self.n_layers());
            self.layers(weights.data(), frames, out.data());
            return to_numpy(std::move(out), {n, self.n_layers()});
          },
          nb::arg("weights"), nb::arg("frames"))
      .def(
          "gradient",
          [](Trainer& self, const In<double, nb::shape<-1, -1>>& weights,
             const std::vector<int>& frames, const In<double, nb::shape<-1>>& energy,
             const Positions& motion, const In<double, nb::shape<-1, 3, 3>>& strain) {
            std::vector<double> out(self.n_weights());
            {
              nb::gil_scoped_release release;
              self.gradient(weights.data(), frames, energy.data(), motion.data(),
                            strain.data(), out.data());
            }
            return to_numpy(std::move(out), {weights.shape(0), weights.shape(1)});
          },
          nb::arg("weights"), nb::arg("frames"), nb::arg("energy"), nb::arg("motion"),
          nb::arg("strain"));
}

// T_n(x(r)) f(r) and its derivative for every r: two (n_r, n) arrays.
nb::tuple radial_functions(const In<double, nb::shape<-1>>& r, int n, double cutoff,
                           double scale) {
  const std::size_t n_r = r.shape(0), width = n;
  std::vector<double> value(n_r * width), slope(n_r * width);
  for (std::size_t k = 0; k < n_r; ++k)
    Radial<double>{cutoff, scale}(r(k), n, [&](int i, double g, double d) {
      value[k * width + i] = g, slope[k * width + i] = d;
    });
  return nb::make_tuple(to_numpy(std::move(value), {n_r, width}),
                        to_numpy(std::move(slope), {n_r, width}));
}

template <class Number>
void bind_force_field(nb::module_& m, const char* name) {
  auto bound = nb::class_<NativeForceField<Number>, ForceField>(m, name);
  const auto from = [&bound](auto model) {
    using Model = decltype(model);
    bound.def(
        "__init__",
        [](NativeForceField<Number>* self, const Model& given, const Elements& element,
           int n_own, double skin, int threads) {
          new (self)
              NativeForceField<Number>(given, copy(element), n_own, skin, threads);
        },
        nb::arg("model"), nb::arg("element"), nb::arg("n_own"), nb::arg("skin"),
        nb::arg("threads"));
  };
  from(LinearModel{}), from(NeuralModel{});
}

}  // namespace

void bind_potentials(nb::module_& m) {
  nb::class_<DescriptorShape>(m, "DescriptorShape")
      .def(
          "__init__",
          [](DescriptorShape* self, int n_elements, int n_two, int n_three, int l_max,
             double two_cutoff, double three_cutoff, double two_scale,
             double three_scale) {
            new (self)
                DescriptorShape{n_elements, n_two,        n_three,   l_max,
                                two_cutoff, three_cutoff, two_scale, three_scale};
          },
          nb::kw_only(), nb::arg("n_elements"), nb::arg("n_two"), nb::arg("n_three"),
          nb::arg("l_max"), nb::arg("two_cutoff"), nb::arg("three_cutoff"),
          nb::arg("two_scale"), nb::arg("three_scale"))
      .def_prop_ro("n_features", &DescriptorShape::n_features)
      .def_prop_ro("two_start", &DescriptorShape::two_start)
      .def_prop_ro("three_start", &DescriptorShape::three_start);
  nb::class_<PairTables>(m, "PairTables")
      .def(
          "__init__",
          [](PairTables* self, double start, double step,
             const In<double, nb::shape<-1, -1, -1, 6>>& values,
             const In<double, nb::shape<-1, -1>>& shortest) {
            new (self) PairTables(make_tables(start, step, values, shortest));
          },
          nb::arg("start"), nb::arg("step"), nb::arg("values"), nb::arg("shortest"));
  nb::class_<LinearModel>(m, "LinearModel")
      .def(
          "__init__",
          [](LinearModel* self, const DescriptorShape& shape,
             const In<double, nb::shape<-1>>& bias, const PairTables& tables,
             const In<double, nb::shape<-1, -1, -1, -1>>& quadratic) {
            new (self) LinearModel(make_linear(shape, bias, tables, quadratic));
          },
          nb::arg("shape"), nb::arg("bias"), nb::arg("tables"), nb::arg("quadratic"));
  nb::class_<NeuralShape>(m, "NeuralShape")
      .def(
          "__init__",
          [](NeuralShape* self, int products, int hidden, int body_order) {
            new (self) NeuralShape{products, hidden, body_order};
          },
          nb::kw_only(), nb::arg("products"), nb::arg("hidden"), nb::arg("body_order"))
      .def("n_products", &NeuralShape::n_products, nb::arg("descriptor"))
      .def("n_inputs", &NeuralShape::n_inputs, nb::arg("descriptor"));
  nb::class_<NeuralModel>(m, "NeuralModel")
      .def(
          "__init__",
          [](NeuralModel* self, const DescriptorShape& shape,
             const In<double, nb::shape<-1>>& bias, const PairTables& tables,
             const NeuralShape& neural, const In<double, nb::shape<-1, -1>>& weights) {
            new (self) NeuralModel(make_neural(shape, bias, tables, neural, weights));
          },
          nb::arg("shape"), nb::arg("bias"), nb::arg("tables"), nb::arg("neural"),
          nb::arg("weights"));
  bind_trainer<double>(m, "NeuralTrainer");
  bind_trainer<float>(m, "SinglePrecisionNeuralTrainer");
  bind_force_field<double>(m, "NativeForceField");
  bind_force_field<float>(m, "SinglePrecisionForceField");
  m.def("radial_functions", &radial_functions, nb::arg("r"), nb::arg("n"),
        nb::arg("cutoff"), nb::arg("scale"));
  m.def("design_rows", &py_design_rows, nb::arg("shape"), nb::arg("element"),
        nb::arg("positions"), nb::arg("cell"), nb::arg("periodic"));
  m.def("atom_features", &py_atom_features, nb::arg("shape"), nb::arg("element"),
        nb::arg("positions"), nb::arg("cell"), nb::arg("periodic"));
}

}  // namespace brine
