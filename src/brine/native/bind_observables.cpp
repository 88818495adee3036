#include "arrays.hpp"
#include "bindings.hpp"

namespace brine {

void bind_observables(nb::module_&) {}

}  // namespace brine
