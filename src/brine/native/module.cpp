#include <nanobind/nanobind.h>

#include "bindings.hpp"

NB_MODULE(_native, m) {
  brine::bind_structures(m);
  brine::bind_potentials(m);
  brine::bind_dynamics(m);
  brine::bind_observables(m);
}
