// Numbers of pairs by distance, for g(r).
#pragma once

#include <cstdint>
#include <vector>

namespace brine {

struct PairCounting {
  int n_atoms;
  int n_types;
  const int* types;   // 0 … n_types−1
  const int* groups;  // pairs within one group are not counted
  double r_max;       // at most half the smallest height of the cell
  int n_bins;         // equal bins over [0, r_max)
};

// Adds to counts[(ta·n_types + tb)·n_bins + bin] the unordered pairs of one frame;
// the order of (ta, tb) within a pair is arbitrary, so add both to get the total.
// The cell (row vectors) is periodic in all directions.
void count_pairs(const PairCounting& counting, const double* positions,
                 const double cell[9], std::uint32_t* counts);

}  // namespace brine
