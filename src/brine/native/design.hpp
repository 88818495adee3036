// Rows of the linear model's design matrix: what each feature contributes to the
// energy, the forces and the stress of one frame.
#pragma once

#include "descriptor.hpp"
#include "force_field.hpp"

namespace brine {

// Rows: energy; −∂/∂r of every atom (3n); Σ r ⊗ ∂/∂r, that is V·∂/∂strain, in the
// order xx yy zz yz xz xy. Columns: features of element 0, then of element 1, ….
// `rows` has (1 + 3n + 6) × (n_elements · n_features) zeros on entry.
void design_rows(const DescriptorShape& shape, int n, const int* element,
                 const double* positions, const Cell& cell, double* rows);

// Features of each atom, (n × n_features), zeros on entry.
void atom_features(const DescriptorShape& shape, int n, const int* element,
                   const double* positions, const Cell& cell, double* features);

}  // namespace brine
