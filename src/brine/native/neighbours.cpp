#include "neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

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

}  // namespace

NeighbourList neighbours(int n, const double* r, const Cell& cell, double cutoff) {
  const Box box = bounding_box(n, r, cell);
  int bins[3], reach[3];
  // Half-width bins cost fewer useless distances than full-width ones; bins with
  // less than about one atom cost more to visit than they save.
  const double volume = std::abs(dot(cross(box.rows[0], box.rows[1]), box.rows[2]));
  const double edge = std::max(cutoff / 2, std::cbrt(volume / std::max(n, 1)));
  for (int d = 0; d < 3; ++d) {
    bins[d] = std::max(1, static_cast<int>(std::floor(box.height[d] / edge)));
    bins[d] = std::min(bins[d], 256);
    reach[d] = static_cast<int>(std::ceil(cutoff * bins[d] / box.height[d]));
  }
  // Wrapped positions, the lattice translation that wrapped them, and their bins.
  std::vector<double> wrapped(3 * n);
  std::vector<int> moved(3 * n), bin(n), place(3 * n);
  for (int i = 0; i < n; ++i) {
    double s[3];
    for (int d = 0; d < 3; ++d) {
      s[d] = 0;
      for (int k = 0; k < 3; ++k)
        s[d] += (r[3 * i + k] - box.origin[k]) * box.inverse[k][d];
      moved[3 * i + d] = cell.periodic[d] ? static_cast<int>(std::floor(s[d])) : 0;
      s[d] -= moved[3 * i + d];
      place[3 * i + d] = std::clamp(static_cast<int>(s[d] * bins[d]), 0, bins[d] - 1);
    }
    for (int k = 0; k < 3; ++k) {
      wrapped[3 * i + k] = r[3 * i + k];
      for (int d = 0; d < 3; ++d)
        wrapped[3 * i + k] -= moved[3 * i + d] * box.rows[d][k];
    }
    bin[i] = (place[3 * i] * bins[1] + place[3 * i + 1]) * bins[2] + place[3 * i + 2];
  }
  const int n_bins = bins[0] * bins[1] * bins[2];
  std::vector<int> begin(n_bins + 1, 0), members(n);
  for (int i = 0; i < n; ++i) ++begin[bin[i] + 1];
  for (int b = 0; b < n_bins; ++b) begin[b + 1] += begin[b];
  {
    std::vector<int> cursor(begin.begin(), begin.end() - 1);
    for (int i = 0; i < n; ++i) members[cursor[bin[i]]++] = i;
  }

  const double cutoff2 = cutoff * cutoff;
  std::vector<std::vector<int>> atom(n), shift(n);
  // As many as in a uniform liquid, and a third more.
  const double usual = 1.33 * 4.19 * cutoff * cutoff2 * n / volume;
  const std::size_t expected = static_cast<std::size_t>(std::min(usual, 1e4));
#pragma omp parallel for schedule(dynamic, 64)
  for (int i = 0; i < n; ++i) {
    atom[i].reserve(expected), shift[i].reserve(3 * expected);
    const double* ri = &wrapped[3 * i];
    for (int a = -reach[0]; a <= reach[0]; ++a) {
      for (int b = -reach[1]; b <= reach[1]; ++b) {
        for (int c = -reach[2]; c <= reach[2]; ++c) {
          const int offset[3] = {a, b, c};
          int image[3], target[3];
          bool inside = true;
          for (int d = 0; d < 3; ++d) {
            const int q = place[3 * i + d] + offset[d];
            image[d] = q >= 0 ? q / bins[d] : -((bins[d] - 1 - q) / bins[d]);
            target[d] = q - image[d] * bins[d];
            inside = inside && (cell.periodic[d] || image[d] == 0);
          }
          if (!inside) continue;
          double translation[3];
          for (int k = 0; k < 3; ++k)
            translation[k] = image[0] * box.rows[0][k] + image[1] * box.rows[1][k] +
                             image[2] * box.rows[2][k] - ri[k];
          const int t = (target[0] * bins[1] + target[1]) * bins[2] + target[2];
          const bool home = image[0] == 0 && image[1] == 0 && image[2] == 0;
          for (int m = begin[t]; m < begin[t + 1]; ++m) {
            const int j = members[m];
            if (home && j == i) continue;
            double d2 = 0;
            for (int k = 0; k < 3; ++k) {
              const double x = wrapped[3 * j + k] + translation[k];
              d2 += x * x;
            }
            if (d2 >= cutoff2) continue;
            atom[i].push_back(j);
            for (int d = 0; d < 3; ++d)
              shift[i].push_back(image[d] - moved[3 * j + d] + moved[3 * i + d]);
          }
        }
      }
    }
  }
  NeighbourList list;
  list.first.assign(n + 1, 0);
  for (int i = 0; i < n; ++i)
    list.first[i + 1] = list.first[i] + static_cast<int>(atom[i].size());
  list.atom.reserve(list.first[n]);
  list.shift.reserve(3 * list.first[n]);
  for (int i = 0; i < n; ++i) {
    list.atom.insert(list.atom.end(), atom[i].begin(), atom[i].end());
    list.shift.insert(list.shift.end(), shift[i].begin(), shift[i].end());
  }
  return list;
}

}  // namespace brine
