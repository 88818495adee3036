// A neighbour list with a skin, sorted by the neighbour's element, that knows how long
// it holds.
#pragma once

#include <vector>

#include "kernel.hpp"
#include "neighbours.hpp"

namespace brine {

class VerletList {
 public:
  // Reaches `skin` Å beyond `reach`; rebuilt once an atom has moved half of it.
  VerletList(std::vector<int> element, int n_elements, double reach, double skin,
             int threads);

  // Brings the list up to date and returns it; valid until the next call.
  Step at(const double* positions, const Cell& cell);
  void forget() { listed_.clear(); }

  int size() const { return static_cast<int>(element_.size()); }
  int most() const { return most_; }  // neighbours of any centre

 private:
  bool holds(const double* positions, const Cell& cell) const;
  void rebuild(const double* positions, const Cell& cell);

  std::vector<int> element_;
  int n_elements_;
  double reach_, skin_;
  int threads_;
  std::vector<double> listed_;  // positions when the list was built
  Cell listed_cell_{};
  PlacedNeighbours list_;
  std::vector<int> atom_;       // of each entry
  std::vector<double> places_;  // [place][4], Å
  int most_ = 0;
};

}  // namespace brine
