// Neighbour pairs within a cutoff: cell lists for boxes larger than the cutoff,
// sums over images for smaller ones; triclinic and non-periodic cells alike.
#pragma once

#include <vector>

#include "force_field.hpp"

namespace brine {

// Full list (i→j and j→i), compressed by centre: the neighbours of i are entries
// first[i] … first[i+1]−1. The vector from i to its neighbour is
// r[atom[k]] + shift[k]·cell − r[i].
struct NeighbourList {
  std::vector<int> first;
  std::vector<int> atom;
  std::vector<int> shift;  // 3 per entry, lattice translations
};

NeighbourList neighbours(int n, const double* positions, const Cell& cell,
                         double cutoff);

// Where atoms and their images stand: at r[atom] + shift·cell. What is close in space is
// mostly close in memory.
struct Places {
  std::vector<int> atom;
  std::vector<int> shift;  // 3 per place
  std::vector<int> own;    // [atom] its place inside the cell
  std::vector<int> order;  // atoms by kind, then by place
};

// The same list by places and sorted by kind: those of kind a around own[i] are
// entries first[i·n_kinds + a] … of `place`. Any number of threads gives the same.
struct PlacedNeighbours {
  Places places;
  std::vector<int> first, place;
};

PlacedNeighbours placed_neighbours(int n, const double* positions, const int* kind,
                                   int n_kinds, const Cell& cell, double cutoff,
                                   int threads);

}  // namespace brine
