#include <nanobind/nanobind.h>

#include <exception>

#include "bindings.hpp"
#include "input_error.hpp"

namespace nb = nanobind;

namespace {

void translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const brine::InputError& error) {
    const nb::object kind = nb::module_::import_("brine.errors").attr("InputError");
    PyErr_SetString(kind.ptr(), error.what());
  }
}

}  // namespace

NB_MODULE(_native, m) {
  nb::register_exception_translator(translate);
  brine::bind_structures(m);
  brine::bind_potentials(m);
  brine::bind_dynamics(m);
  brine::bind_observables(m);
}
