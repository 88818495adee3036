// One kernel for each instruction set it was compiled for.
#pragma once

#include "linear_model.hpp"

namespace brine {

namespace portable {
CentreKernel kernel(const DescriptorShape& shape);
}
namespace avx2 {
CentreKernel kernel(const DescriptorShape& shape);
}
namespace avx512 {
CentreKernel kernel(const DescriptorShape& shape);
}

}  // namespace brine
