#include <stdexcept>

#include "arrays.hpp"
#include "bindings.hpp"
#include "design.hpp"
#include "native_force_field.hpp"

namespace brine {

namespace {

using Elements = In<int, nb::shape<-1>>;

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

template <class Array>
auto copy(const Array& array) {
  return std::vector(array.data(), array.data() + array.size());
}

LinearModel make_model(const DescriptorShape& shape,
                       const In<double, nb::shape<-1>>& bias, double start, double step,
                       const In<double, nb::shape<-1, -1, -1, 6>>& tables,
                       const In<double, nb::shape<-1, -1, -1, -1>>& quadratic,
                       const In<double, nb::shape<-1, -1>>& shortest) {
  const std::size_t E = shape.n_elements, N = shape.n_three, L = shape.l_max + 1;
  if (bias.shape(0) != E || tables.shape(0) != E || tables.shape(1) != E ||
      quadratic.shape(0) != E || quadratic.shape(1) != L ||
      quadratic.shape(2) != E * N || quadratic.shape(3) != E * N ||
      shortest.shape(0) != E || shortest.shape(1) != E)
    throw std::invalid_argument(
        "arrays do not have the shapes the descriptor asks for");
  return {shape,
          copy(bias),
          start,
          step,
          static_cast<int>(tables.shape(2)),
          copy(tables),
          copy(quadratic),
          copy(shortest)};
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
  nb::class_<NativeForceField<Number>, ForceField>(m, name).def(
      "__init__",
      [](NativeForceField<Number>* self, const LinearModel& model,
         const Elements& element, double skin, int threads) {
        new (self) NativeForceField<Number>(model, copy(element), skin, threads);
      },
      nb::arg("model"), nb::arg("element"), nb::arg("skin"), nb::arg("threads"));
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
  nb::class_<LinearModel>(m, "LinearModel")
      .def(
          "__init__",
          [](LinearModel* self, const DescriptorShape& shape,
             const In<double, nb::shape<-1>>& bias, double start, double step,
             const In<double, nb::shape<-1, -1, -1, 6>>& tables,
             const In<double, nb::shape<-1, -1, -1, -1>>& quadratic,
             const In<double, nb::shape<-1, -1>>& shortest) {
            new (self) LinearModel(
                make_model(shape, bias, start, step, tables, quadratic, shortest));
          },
          nb::arg("shape"), nb::arg("bias"), nb::arg("start"), nb::arg("step"),
          nb::arg("tables"), nb::arg("quadratic"), nb::arg("shortest"));
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
