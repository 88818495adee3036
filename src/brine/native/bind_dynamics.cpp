#include "arrays.hpp"
#include "bindings.hpp"

namespace brine {

void bind_dynamics(nb::module_&) {}

}  // namespace brine
