#include "verlet_list.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace brine {

VerletList::VerletList(std::vector<int> element, int n_elements, double reach,
                       double skin, int threads)
    : element_(std::move(element)),
      n_elements_(n_elements),
      reach_(reach),
      skin_(skin),
      threads_(threads > 0 ? threads : omp_get_max_threads()) {}

Step VerletList::at(const double* positions, const Cell& cell) {
  if (!holds(positions, cell)) rebuild(positions, cell);
  const std::vector<int>&of = list_.places.atom, &shift = list_.places.shift;
  for (std::size_t p = 0; p < of.size(); ++p)
    for (int k = 0; k < 3; ++k)
      places_[4 * p + k] = positions[3 * static_cast<std::size_t>(of[p]) + k] +
                           shift[3 * p] * cell.rows[0][k] +
                           shift[3 * p + 1] * cell.rows[1][k] +
                           shift[3 * p + 2] * cell.rows[2][k];
  return {element_.data(),
          places_.data(),
          list_.places.own.data(),
          list_.places.order.data(),
          list_.first.data(),
          list_.place.data(),
          atom_.data()};
}

bool VerletList::holds(const double* positions, const Cell& cell) const {
  if (listed_.empty()) return false;
  // A homogeneous deformation of the cell carries the atoms along and would use the
  // skin up at once, so what counts is the motion relative to it: with the list's
  // cell H and today's H', r = s·H'. Distances shrink at most by the least stretch.
  for (int d = 0; d < 3; ++d)
    if (cell.periodic[d] != listed_cell_.periodic[d]) return false;
  double stretch[3] = {1, 1, 1};
  bool same = true;
  for (int d = 0; d < 3; ++d)
    for (int k = 0; k < 3; ++k)
      same = same && cell.rows[d][k] == listed_cell_.rows[d][k];
  if (!same) {
    // Only isotropic changes are followed; any other rebuilds the list.
    double ratio = 0;
    for (int d = 0; d < 3 && ratio == 0; ++d)
      for (int k = 0; k < 3; ++k)
        if (listed_cell_.rows[d][k] != 0) {
          ratio = cell.rows[d][k] / listed_cell_.rows[d][k];
          break;
        }
    for (int d = 0; d < 3; ++d)
      for (int k = 0; k < 3; ++k)
        if (std::abs(cell.rows[d][k] - ratio * listed_cell_.rows[d][k]) > 1e-9)
          return false;
    for (double& value : stretch) value = ratio;
  }
  // Pairs outside the list were farther apart than reach + skin; today they are
  // farther than ratio·(reach + skin) − 2·displacement.
  const double slack = std::min(1.0, stretch[0]) * (reach_ + skin_) - reach_;
  if (slack <= 0) return false;
  const double limit = 0.25 * slack * slack;
  for (std::size_t i = 0; i < listed_.size(); i += 3) {
    double moved = 0;
    for (int k = 0; k < 3; ++k) {
      const double d = positions[i + k] - stretch[k] * listed_[i + k];
      moved += d * d;
    }
    if (moved > limit) return false;
  }
  return true;
}

void VerletList::rebuild(const double* positions, const Cell& cell) {
  const int n = size();
  list_ = placed_neighbours(n, positions, element_.data(), n_elements_, cell,
                            reach_ + skin_, threads_);
  atom_.resize(list_.place.size());
  const int n_entries = static_cast<int>(atom_.size());
#pragma omp parallel for schedule(static) num_threads(threads_)
  for (int k = 0; k < n_entries; ++k) atom_[k] = list_.places.atom[list_.place[k]];
  most_ = 0;
  for (std::size_t i = 0, stride = n_elements_; i < static_cast<std::size_t>(n); ++i)
    most_ = std::max(most_, list_.first[(i + 1) * stride] - list_.first[i * stride]);
  places_.assign(4 * list_.places.atom.size(), 0.0);
  listed_.assign(positions, positions + 3 * static_cast<std::size_t>(n));
  listed_cell_ = cell;
}

}  // namespace brine
