#include "arrays.hpp"
#include "bindings.hpp"

namespace brine {

void bind_potentials(nb::module_&) {}

}  // namespace brine
