#include "arrays.hpp"
#include "bindings.hpp"
#include "neighbours.hpp"

namespace brine {

namespace {

nb::tuple neighbour_pairs(const Positions& positions, const Rows& rows,
                          const Flags& periodic, double cutoff) {
  const Cell cell = to_cell(rows, periodic);
  const int n = static_cast<int>(positions.shape(0));
  NeighbourList list;
  {
    nb::gil_scoped_release release;
    list = neighbours(n, positions.data(), cell, cutoff);
  }
  const std::size_t n_pairs = list.atom.size();
  std::vector<int> centre(n_pairs);
  for (int i = 0; i < n; ++i)
    for (int k = list.first[i]; k < list.first[i + 1]; ++k) centre[k] = i;
  return nb::make_tuple(to_numpy(std::move(centre), {n_pairs}),
                        to_numpy(std::move(list.atom), {n_pairs}),
                        to_numpy(std::move(list.shift), {n_pairs, 3}));
}

nb::tuple evaluate(ForceField& field, const Positions& positions, const Rows& rows,
                   const Flags& periodic) {
  const Cell cell = to_cell(rows, periodic);
  const std::size_t n = positions.shape(0);
  double energy = 0;
  std::vector<double> forces(3 * n), virial(9);
  {
    nb::gil_scoped_release release;
    field.compute(static_cast<int>(n), positions.data(), cell, energy, forces.data(),
                  virial.data());
  }
  return nb::make_tuple(energy, to_numpy(std::move(forces), {n, 3}),
                        to_numpy(std::move(virial), {3, 3}));
}

}  // namespace

void bind_structures(nb::module_& m) {
  nb::class_<ForceField>(m, "ForceField")
      .def("compute", &evaluate, nb::arg("positions"), nb::arg("cell"),
           nb::arg("periodic"))
      .def("forget", &ForceField::forget)
      .def("closest_margin", &ForceField::closest_margin);
  m.def("neighbour_pairs", &neighbour_pairs, nb::arg("positions"), nb::arg("cell"),
        nb::arg("periodic"), nb::arg("cutoff"));
}

}  // namespace brine
