#include "verlet_list.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace brine {

VerletList::VerletList(std::vector<int> element, int n_elements, double reach,
                       double skin)
    : element_(std::move(element)),
      n_elements_(n_elements),
      reach_(reach),
      skin_(skin) {}

Step VerletList::at(const double* positions, const Cell& cell) {
  if (!holds(positions, cell)) rebuild(positions, cell);
  for (std::size_t p = 0; p < of_.size(); ++p)
    for (int k = 0; k < 3; ++k)
      places_[4 * p + k] = positions[3 * static_cast<std::size_t>(of_[p]) + k] +
                           shifts_[3 * p] * cell.rows[0][k] +
                           shifts_[3 * p + 1] * cell.rows[1][k] +
                           shifts_[3 * p + 2] * cell.rows[2][k];
  return {element_.data(), places_.data(), first_.data(), place_.data(), atom_.data()};
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
  atom_.resize(list.atom.size()), place_.resize(list.atom.size());
  // The places of an atom are a chain that starts with the atom itself, unmoved.
  of_.resize(n), shifts_.assign(3 * static_cast<std::size_t>(n), 0);
  std::iota(of_.begin(), of_.end(), 0);
  std::vector<int> next(n, -1);
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
      const int j = list.atom[k];
      int p = j;
      while (!std::equal(s, s + 3, &shifts_[3 * static_cast<std::size_t>(p)])) {
        if (next[p] < 0) {
          next[p] = static_cast<int>(of_.size());
          of_.push_back(j), next.push_back(-1), shifts_.insert(shifts_.end(), s, s + 3);
        }
        p = next[p];
      }
      const int to = at[element_[j]]++;
      atom_[to] = j, place_[to] = p;
    }
  }
  places_.assign(4 * of_.size(), 0.0);
  listed_.assign(positions, positions + 3 * static_cast<std::size_t>(n));
  listed_cell_ = cell;
}

}  // namespace brine
