#include "verlet_list.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace brine {

VerletList::VerletList(std::vector<int> element, int n_elements, double reach,
                       double skin)
    : element_(std::move(element)),
      n_elements_(n_elements),
      reach_(reach),
      skin_(skin) {}

Step VerletList::at(const double* positions, const Cell& cell) {
  if (!holds(positions, cell)) rebuild(positions, cell);
  translations_.resize(shifts_.size());
  for (std::size_t t = 0; t < shifts_.size(); t += 3)
    for (int k = 0; k < 3; ++k)
      translations_[t + k] = shifts_[t] * cell.rows[0][k] +
                             shifts_[t + 1] * cell.rows[1][k] +
                             shifts_[t + 2] * cell.rows[2][k];
  return {positions,     element_.data(), translations_.data(),
          first_.data(), atom_.data(),    image_.data()};
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
  const int n = size(), n_elements = n_elements_;
  const NeighbourList list = neighbours(n, positions, cell, reach_ + skin_);
  first_.assign(static_cast<std::size_t>(n) * n_elements + 1, 0);
  atom_.resize(list.atom.size()), image_.resize(list.atom.size());
  shifts_.clear();
  std::map<std::array<int, 3>, int> known;
  std::vector<int> at(n_elements);
  most_ = 0;
  for (int i = 0; i < n; ++i) {
    int* first = &first_[static_cast<std::size_t>(i) * n_elements];
    std::fill(at.begin(), at.end(), 0);
    most_ = std::max(most_, list.first[i + 1] - list.first[i]);
    for (int k = list.first[i]; k < list.first[i + 1]; ++k)
      ++at[element_[list.atom[k]]];
    int place = list.first[i];
    for (int a = 0; a < n_elements; ++a) {
      first[a] = place;
      place += at[a];
      at[a] = first[a];
    }
    first[n_elements] = place;
    for (int k = list.first[i]; k < list.first[i + 1]; ++k) {
      const int* s = &list.shift[3 * static_cast<std::size_t>(k)];
      const auto [found, added] =
          known.try_emplace({s[0], s[1], s[2]}, static_cast<int>(known.size()));
      if (added) shifts_.insert(shifts_.end(), s, s + 3);
      const int to = at[element_[list.atom[k]]]++;
      atom_[to] = list.atom[k], image_[to] = found->second;
    }
  }
  listed_.assign(positions, positions + 3 * static_cast<std::size_t>(n));
  listed_cell_ = cell;
}

}  // namespace brine
