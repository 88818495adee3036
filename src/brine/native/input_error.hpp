// What the user handed in cannot be used; Python sees brine.errors.InputError.
#pragma once

#include <stdexcept>

namespace brine {

struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace brine
