// One function for each room that has hot loops here.
#pragma once

#include <nanobind/nanobind.h>

namespace brine {

void bind_structures(nanobind::module_& m);
void bind_potentials(nanobind::module_& m);
void bind_dynamics(nanobind::module_& m);
void bind_observables(nanobind::module_& m);

}  // namespace brine
