#include "neighbours.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace brine {

double ForceField::closest_margin() const {
  return std::numeric_limits<double>::infinity();
}

namespace {

struct Vec {
  double x, y, z;
};

Vec cross(const double* a, const double* b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
          a[0] * b[1] - a[1] * b[0]};
}

double dot(const Vec& a, const double* b) {
  return a.x * b[0] + a.y * b[1] + a.z * b[2];
}

double norm(const Vec& a) { return std::sqrt(a.x * a.x + a.y * a.y + a.z * a.z); }

// A parallelepiped that holds every atom: the periodic cell, its non-periodic (or
// missing) directions replaced by vectors as long as the atoms reach.
struct Box {
  double rows[3][3];
  double inverse[3][3];  // fractional = (r − origin)·inverse
  double height[3];      // distance between opposite faces
  double origin[3] = {0, 0, 0};
};

void complete_missing_rows(Box& box, const Cell& cell) {
  for (int d = 0; d < 3; ++d) {
    const double* row = cell.rows[d];
    const bool missing = row[0] == 0 && row[1] == 0 && row[2] == 0;
    for (int k = 0; k < 3; ++k) box.rows[d][k] = missing ? 0.0 : row[k];
  }
  for (int d = 0; d < 3; ++d) {
    double* row = box.rows[d];
    if (row[0] != 0 || row[1] != 0 || row[2] != 0) continue;
    const double* a = box.rows[(d + 1) % 3];
    const double* b = box.rows[(d + 2) % 3];
    Vec n = cross(a, b);
    if (norm(n) < 1e-12) {
      // Fewer than two rows are known: any axis most orthogonal to what is there.
      int axis = 0;
      double least = std::numeric_limits<double>::infinity();
      for (int k = 0; k < 3; ++k) {
        const double overlap = std::abs(a[k]) + std::abs(b[k]);
        if (overlap < least) least = overlap, axis = k;
      }
      row[axis] = 1.0;
      // Orthogonalise against the rows already set.
      for (const double* other : {a, b}) {
        const double length2 =
            other[0] * other[0] + other[1] * other[1] + other[2] * other[2];
        if (length2 == 0) continue;
        const double s =
            (row[0] * other[0] + row[1] * other[1] + row[2] * other[2]) / length2;
        for (int k = 0; k < 3; ++k) row[k] -= s * other[k];
      }
    } else {
      const double length = norm(n);
      row[0] = n.x / length, row[1] = n.y / length, row[2] = n.z / length;
    }
  }
}

void invert(Box& box) {
  const Vec bc = cross(box.rows[1], box.rows[2]);
  const Vec ca = cross(box.rows[2], box.rows[0]);
  const Vec ab = cross(box.rows[0], box.rows[1]);
  const double volume = dot(bc, box.rows[0]);
  const Vec* columns[3] = {&bc, &ca, &ab};
  for (int d = 0; d < 3; ++d) {
    box.inverse[0][d] = columns[d]->x / volume;
    box.inverse[1][d] = columns[d]->y / volume;
    box.inverse[2][d] = columns[d]->z / volume;
    box.height[d] = std::abs(volume) / norm(*columns[d]);
  }
}

Box bounding_box(int n, const double* r, const Cell& cell) {
  Box box;
  complete_missing_rows(box, cell);
  invert(box);
  for (int d = 0; d < 3; ++d) {
    if (cell.periodic[d]) continue;
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (int i = 0; i < n; ++i) {
      double s = 0;
      for (int k = 0; k < 3; ++k) s += r[3 * i + k] * box.inverse[k][d];
      low = std::min(low, s), high = std::max(high, s);
    }
    if (n == 0) low = high = 0;
    // A margin keeps the outermost atoms inside after rounding.
    const double extent = (high - low) + 0.1 / box.height[d];
    for (int k = 0; k < 3; ++k) {
      box.origin[k] += (low - 0.05 / box.height[d]) * box.rows[d][k];
      box.rows[d][k] *= extent;
    }
  }
  invert(box);
  return box;
}

// Steps of a fractional coordinate from `low` on; a point beyond the ends counts to
// the last bin before it.
struct Axis {
  double low, width;
  int n_bins, reach;  // bins to look at on either side

  int bin(double s) const {
    return std::clamp(static_cast<int>((s - low) / width), 0, n_bins - 1);
  }
};

// Atoms, then images, with their fractional coordinates: all that stand in the box or
// less than the cutoff beyond its periodic faces.
struct Crowd {
  std::vector<int> atom, shift;    // [3]
  std::vector<double> fractional;  // [3]

  Crowd(int n, const double* r, const Cell& cell, const Box& box, double cutoff) {
    atom.resize(n), shift.assign(3 * static_cast<std::size_t>(n), 0);
    fractional.resize(3 * static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
      atom[i] = i;
      for (int d = 0; d < 3; ++d) {
        double s = 0;
        for (int k = 0; k < 3; ++k)
          s += (r[3 * i + k] - box.origin[k]) * box.inverse[k][d];
        const double turns = cell.periodic[d] ? std::floor(s) : 0.0;
        shift[3 * i + d] = -static_cast<int>(turns);
        fractional[3 * i + d] = s - turns;
      }
    }
    for (int d = 0; d < 3; ++d)
      if (cell.periodic[d]) add_images(d, cutoff / box.height[d]);
  }

 private:
  // Of all places so far, along one cell vector.
  void add_images(int d, double margin) {
    const std::size_t n = atom.size();
    const int most = static_cast<int>(std::ceil(margin));
    for (int turn = -most; turn <= most; ++turn) {
      if (turn == 0) continue;
      for (std::size_t p = 0; p < n; ++p) {
        const double s = fractional[3 * p + d] + turn;
        if (s < -margin || s > 1 + margin) continue;
        atom.push_back(atom[p]);
        for (int k = 0; k < 3; ++k) {
          shift.push_back(shift[3 * p + k] + (k == d ? turn : 0));
          fractional.push_back(k == d ? s : fractional[3 * p + k]);
        }
      }
    }
  }
};

// Places sorted by kind and bin, so that a row of bins is one run of memory.
class Grid {
 public:
  Grid(int n, const double* r, const int* kind, int n_kinds, const Cell& cell,
       double cutoff)
      : Grid(n, r, kind, n_kinds, cell, bounding_box(n, r, cell), cutoff) {}

  Places& places() { return places_; }

  // Writes the places of one kind around `centre` to `found` from `count` on; returns
  // the new count.
  std::size_t around(int centre, int kind, std::vector<int>& found,
                     std::size_t count) const {
    const int self = places_.own[centre];
    const double x = x_[self], y = y_[self], z = z_[self];
    int low[3], high[3];
    for (int d = 0; d < 3; ++d) {
      const int bin = axes_[d].bin(crowd_.fractional[3 * centre + d]);
      low[d] = std::max(0, bin - axes_[d].reach);
      high[d] = std::min(axes_[d].n_bins - 1, bin + axes_[d].reach);
    }
    for (int a = low[0]; a <= high[0]; ++a)
      for (int b = low[1]; b <= high[1]; ++b) {
        const int from = begin_[key(kind, a, b, low[2])];
        const int to = begin_[key(kind, a, b, high[2]) + 1];
        if (found.size() < count + to - from) found.resize(2 * (count + to - from));
        for (int m = from; m < to; ++m) {
          const double dx = x_[m] - x, dy = y_[m] - y, dz = z_[m] - z;
          found[count] = m;
          count += (dx * dx + dy * dy + dz * dz < cutoff2_) & (m != self);
        }
      }
    return count;
  }

 private:
  Grid(int n, const double* r, const int* kind, int n_kinds, const Cell& cell,
       const Box& box, double cutoff)
      : crowd_(n, r, cell, box, cutoff), cutoff2_(cutoff * cutoff) {
    lay_out(cell, box, cutoff);
    const std::size_t n_places = crowd_.atom.size();
    std::vector<int> keys(n_places);
    begin_.assign(key(n_kinds, 0, 0, 0) + 1, 0);
    for (std::size_t p = 0; p < n_places; ++p) {
      const double* s = &crowd_.fractional[3 * p];
      keys[p] = key(kind[crowd_.atom[p]], axes_[0].bin(s[0]), axes_[1].bin(s[1]),
                    axes_[2].bin(s[2]));
      ++begin_[keys[p] + 1];
    }
    for (std::size_t b = 1; b < begin_.size(); ++b) begin_[b] += begin_[b - 1];
    std::vector<int> cursor(begin_.begin(), begin_.end() - 1);
    places_.atom.resize(n_places), places_.shift.resize(3 * n_places);
    x_.resize(n_places), y_.resize(n_places), z_.resize(n_places);
    places_.own.resize(n), places_.order.resize(n);
    for (std::size_t p = 0; p < n_places; ++p) {
      const int to = cursor[keys[p]]++;
      const double* at = &r[3 * static_cast<std::size_t>(crowd_.atom[p])];
      const int* shift = &crowd_.shift[3 * p];
      const auto coordinate = [&](int k) {
        return at[k] + shift[0] * cell.rows[0][k] + shift[1] * cell.rows[1][k] +
               shift[2] * cell.rows[2][k];
      };
      x_[to] = coordinate(0), y_[to] = coordinate(1), z_[to] = coordinate(2);
      places_.atom[to] = crowd_.atom[p];
      std::copy_n(shift, 3, &places_.shift[3 * static_cast<std::size_t>(to)]);
      if (p < static_cast<std::size_t>(n)) places_.own[p] = to;
    }
    std::iota(places_.order.begin(), places_.order.end(), 0);
    std::sort(places_.order.begin(), places_.order.end(),
              [&](int i, int j) { return places_.own[i] < places_.own[j]; });
  }

  int key(int kind, int a, int b, int c) const {
    return ((kind * axes_[0].n_bins + a) * axes_[1].n_bins + b) * axes_[2].n_bins + c;
  }

  // Half-width bins cost fewer useless distances than full-width ones; bins with less
  // than about one place cost more to visit than they save.
  void lay_out(const Cell& cell, const Box& box, double cutoff) {
    double volume = 1;
    for (int d = 0; d < 3; ++d) {
      const double margin = cell.periodic[d] ? cutoff / box.height[d] : 0;
      axes_[d].low = -margin, axes_[d].width = 1 + 2 * margin;
      volume *= axes_[d].width * box.height[d];
    }
    const double n_places = std::max<double>(crowd_.atom.size(), 1);
    const double edge = std::max(cutoff / 2, std::cbrt(volume / n_places));
    for (int d = 0; d < 3; ++d) {
      Axis& axis = axes_[d];
      const double bins = std::floor(axis.width * box.height[d] / edge);
      axis.n_bins = static_cast<int>(std::clamp(bins, 1.0, 256.0));
      axis.width /= axis.n_bins;
      const double reach = std::ceil(cutoff / box.height[d] / axis.width);
      axis.reach = static_cast<int>(std::min(reach, 256.0));
    }
  }

  Crowd crowd_;
  Axis axes_[3];
  double cutoff2_;
  Places places_;
  std::vector<int> begin_;         // [key]
  std::vector<double> x_, y_, z_;  // [sorted] Å
};

}  // namespace

PlacedNeighbours placed_neighbours(int n, const double* positions, const int* kind,
                                   int n_kinds, const Cell& cell, double cutoff,
                                   int threads) {
  constexpr int of_chunk = 64;
  Grid grid(n, positions, kind, n_kinds, cell, cutoff);
  const int n_chunks = (n + of_chunk - 1) / of_chunk;
  const int n_threads = std::clamp(threads, 1, std::max(n_chunks, 1));
  std::vector<std::vector<int>> found(n_chunks);
  PlacedNeighbours list;
  list.first.assign(static_cast<std::size_t>(n) * n_kinds + 1, 0);
#pragma omp parallel for schedule(dynamic) num_threads(n_threads)
  for (int chunk = 0; chunk < n_chunks; ++chunk) {
    std::size_t count = 0;
    for (int i = chunk * of_chunk; i < std::min(n, (chunk + 1) * of_chunk); ++i)
      for (int a = 0; a < n_kinds; ++a) {
        const std::size_t before = count;
        count = grid.around(i, a, found[chunk], count);
        list.first[static_cast<std::size_t>(i) * n_kinds + a + 1] =
            static_cast<int>(count - before);
      }
  }
  for (std::size_t k = 1; k < list.first.size(); ++k)
    list.first[k] += list.first[k - 1];
  list.place.resize(list.first.back());
#pragma omp parallel for schedule(dynamic) num_threads(n_threads)
  for (int chunk = 0; chunk < n_chunks; ++chunk) {
    const auto row = [&](int i) {
      return list.first[static_cast<std::size_t>(i) * n_kinds];
    };
    const int begin = row(chunk * of_chunk),
              end = row(std::min(n, (chunk + 1) * of_chunk));
    std::copy_n(found[chunk].begin(), end - begin, list.place.begin() + begin);
  }
  list.places = std::move(grid.places());
  return list;
}

NeighbourList neighbours(int n, const double* positions, const Cell& cell,
                         double cutoff) {
  const std::vector<int> kind(n, 0);
  PlacedNeighbours found = placed_neighbours(n, positions, kind.data(), 1, cell, cutoff,
                                             omp_get_max_threads());
  NeighbourList list;
  list.atom.resize(found.place.size()), list.shift.resize(3 * found.place.size());
  const std::vector<int>&of = found.places.atom, &shift = found.places.shift;
  for (int i = 0; i < n; ++i)
    for (int k = found.first[i]; k < found.first[i + 1]; ++k) {
      const std::size_t p = found.place[k], own = found.places.own[i];
      list.atom[k] = of[p];
      for (int d = 0; d < 3; ++d)
        list.shift[3 * static_cast<std::size_t>(k) + d] =
            shift[3 * p + d] - shift[3 * own + d];
    }
  list.first = std::move(found.first);
  return list;
}

}  // namespace brine
