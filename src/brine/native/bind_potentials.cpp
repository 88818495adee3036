#include <string>

#include "arrays.hpp"
#include "bindings.hpp"
#include "design.hpp"

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

}  // namespace

void bind_potentials(nb::module_& m) {
  nb::class_<DescriptorShape>(m, "DescriptorShape")
      .def(
          "__init__",
          [](DescriptorShape* self, int n_elements, int n_two, int n_three, int l_max,
             double two_cutoff, double three_cutoff, double two_scale,
             double three_scale) {
            new (self) DescriptorShape{n_elements, n_two,      n_three,   l_max,
                                       two_cutoff, three_cutoff, two_scale, three_scale};
          },
          nb::kw_only(), nb::arg("n_elements"), nb::arg("n_two"), nb::arg("n_three"),
          nb::arg("l_max"), nb::arg("two_cutoff"), nb::arg("three_cutoff"),
          nb::arg("two_scale"), nb::arg("three_scale"))
      .def_prop_ro("n_features", &DescriptorShape::n_features)
      .def_prop_ro("two_start", &DescriptorShape::two_start)
      .def_prop_ro("three_start", &DescriptorShape::three_start);
  m.def("design_rows", &py_design_rows, nb::arg("shape"), nb::arg("element"),
        nb::arg("positions"), nb::arg("cell"), nb::arg("periodic"));
  m.def("atom_features", &py_atom_features, nb::arg("shape"), nb::arg("element"),
        nb::arg("positions"), nb::arg("cell"), nb::arg("periodic"));
}

}  // namespace brine
