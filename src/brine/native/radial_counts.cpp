#include "radial_counts.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>

// The inner loop is compiled for several instruction sets and chosen at run time.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && \
    !defined(__clang__)
#define BRINE_CPU_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define BRINE_CPU_CLONES
#endif

namespace brine {

namespace {

constexpr int kChunk = 512;  // neighbours handled at once; fits the first-level cache
constexpr int kCopies = 4;   // histograms in turn, so that equal bins do not wait

// Fractional coordinates as 32-bit integers: a difference that overflows wraps around
// the box, which is the nearest image for every distance below half a height.
struct Frame {
  std::vector<std::uint32_t> a, b, c;
  std::vector<int> group, row;  // row: offset of the type in a histogram
  std::vector<int> type;
  std::vector<int> begin;  // of each cell of the grid
  int bins[3], reach[3];
  // Lower-triangular cell over 2³²: x = a·m[0] + b·m[1] + c·m[3], y = b·m[2] + c·m[4],
  // z = c·m[5].
  float m[6];
};

void cross(const double* u, const double* v, double* w) {
  w[0] = u[1] * v[2] - u[2] * v[1];
  w[1] = u[2] * v[0] - u[0] * v[2];
  w[2] = u[0] * v[1] - u[1] * v[0];
}

double dot(const double* u, const double* v) {
  return u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
}

struct Geometry {
  double normal[3][3];  // fractional coordinate d = r·normal[d]
  double height[3];
  double metric[6];
};

Geometry geometry_of(const double cell[9]) {
  Geometry g;
  const double *a = cell, *b = cell + 3, *c = cell + 6;
  cross(b, c, g.normal[0]), cross(c, a, g.normal[1]), cross(a, b, g.normal[2]);
  const double volume = dot(a, g.normal[0]);
  for (int d = 0; d < 3; ++d) {
    for (int k = 0; k < 3; ++k) g.normal[d][k] /= volume;
    g.height[d] = 1 / std::sqrt(dot(g.normal[d], g.normal[d]));
  }
  const double ax = std::sqrt(dot(a, a)), bx = dot(a, b) / ax, cx = dot(a, c) / ax;
  const double by = std::sqrt(std::max(0.0, dot(b, b) - bx * bx));
  const double cy = (dot(b, c) - bx * cx) / by;
  const double cz = std::sqrt(std::max(0.0, dot(c, c) - cx * cx - cy * cy));
  const double metric[6] = {ax, bx, by, cx, cy, cz};
  std::copy(metric, metric + 6, g.metric);
  return g;
}

void choose_grid(const PairCounting& p, const Geometry& g, Frame& f) {
  // Cells pay when a shell of them is well inside the box, and hold a few atoms each.
  const double finest = std::cbrt(p.n_atoms / 4.0);
  for (int d = 0; d < 3; ++d) {
    const double wanted = std::min(2.5 * g.height[d] / p.r_max, finest);
    f.bins[d] = std::clamp(static_cast<int>(wanted), 1, 128);
    f.reach[d] = static_cast<int>(std::ceil(p.r_max * f.bins[d] / g.height[d]));
  }
}

Frame prepare(const PairCounting& p, const double* r, const double cell[9]) {
  Frame f;
  const Geometry g = geometry_of(cell);
  for (int k = 0; k < 6; ++k) f.m[k] = static_cast<float>(g.metric[k] / 4294967296.0);
  choose_grid(p, g, f);
  const int n = p.n_atoms;
  std::vector<std::uint32_t> s[3];
  for (auto& x : s) x.resize(n);
  std::vector<int> place(n);
  for (int i = 0; i < n; ++i) {
    int bin = 0;
    for (int d = 0; d < 3; ++d) {
      double x = dot(r + 3 * i, g.normal[d]);
      x -= std::floor(x);
      s[d][i] = static_cast<std::uint32_t>(
          static_cast<std::uint64_t>(x * 4294967296.0) & 0xffffffffu);
      bin = bin * f.bins[d] +
            static_cast<int>((static_cast<std::uint64_t>(s[d][i]) * f.bins[d]) >> 32);
    }
    place[i] = bin;
  }
  f.begin.assign(f.bins[0] * f.bins[1] * f.bins[2] + 1, 0);
  for (int i = 0; i < n; ++i) ++f.begin[place[i] + 1];
  for (std::size_t k = 1; k < f.begin.size(); ++k) f.begin[k] += f.begin[k - 1];
  std::vector<int> cursor(f.begin.begin(), f.begin.end() - 1);
  for (auto* v : {&f.a, &f.b, &f.c}) v->resize(n);
  for (auto* v : {&f.group, &f.row, &f.type}) v->resize(n);
  for (int i = 0; i < n; ++i) {
    const int k = cursor[place[i]]++;
    f.a[k] = s[0][i], f.b[k] = s[1][i], f.c[k] = s[2][i];
    f.group[k] = p.groups[i];
    f.type[k] = p.types[i];
    f.row[k] = p.types[i] * (p.n_bins + 1);
  }
  return f;
}

// Bins of the pairs (i, first…last); the bin n_bins takes what is not counted.
BRINE_CPU_CLONES
void bins_of(const Frame& f, int i, int first, int last, float per_bin, int n_bins,
             int* __restrict out) {
  const std::uint32_t* __restrict a = f.a.data();
  const std::uint32_t* __restrict b = f.b.data();
  const std::uint32_t* __restrict c = f.c.data();
  const int* __restrict group = f.group.data();
  const int* __restrict row = f.row.data();
  const std::uint32_t ai = f.a[i], bi = f.b[i], ci = f.c[i];
  const int own = f.group[i];
  const float m0 = f.m[0], m1 = f.m[1], m2 = f.m[2], m3 = f.m[3], m4 = f.m[4],
              m5 = f.m[5];
#pragma omp simd
  for (int j = first; j < last; ++j) {
    const float da = static_cast<float>(static_cast<std::int32_t>(a[j] - ai));
    const float db = static_cast<float>(static_cast<std::int32_t>(b[j] - bi));
    const float dc = static_cast<float>(static_cast<std::int32_t>(c[j] - ci));
    const float x = da * m0 + db * m1 + dc * m3;
    const float y = db * m2 + dc * m4;
    const float z = dc * m5;
    const int bin = static_cast<int>(std::sqrt(x * x + y * y + z * z) * per_bin);
    const int kept = bin < n_bins ? bin : n_bins;
    const int other = group[j];
    out[j - first] = row[j] + (other == own ? n_bins : kept);
  }
}

struct Histogram {
  std::vector<std::uint32_t> counts;  // [type][copy][type·(n_bins+1) + bin]
  int stride;

  Histogram(int n_types, int n_bins)
      : counts(static_cast<std::size_t>(n_types) * n_types * (n_bins + 1) * kCopies),
        stride(n_types * (n_bins + 1)) {}

  std::uint32_t* row(int type) {
    return &counts[static_cast<std::size_t>(type) * stride * kCopies];
  }
};

void count_run(const PairCounting& p, const Frame& f, int i, int first, int last,
               Histogram& histogram) {
  int bins[kChunk];
  std::uint32_t* h0 = histogram.row(f.type[i]);
  std::uint32_t *h1 = h0 + histogram.stride, *h2 = h1 + histogram.stride,
                *h3 = h2 + histogram.stride;
  const float per_bin = static_cast<float>(p.n_bins / p.r_max);
  for (; first < last; first += kChunk) {
    const int n = std::min(kChunk, last - first);
    bins_of(f, i, first, first + n, per_bin, p.n_bins, bins);
    int k = 0;
    for (; k + 4 <= n; k += 4) {
      ++h0[bins[k]];
      ++h1[bins[k + 1]];
      ++h2[bins[k + 2]];
      ++h3[bins[k + 3]];
    }
    for (; k < n; ++k) ++h0[bins[k]];
  }
}

// Distinct cells of the grid within reach along one direction, in order.
int cells_within(int here, int bins, int reach, int* cells) {
  if (2 * reach + 1 >= bins) {
    for (int q = 0; q < bins; ++q) cells[q] = q;
    return bins;
  }
  for (int q = -reach; q <= reach; ++q) cells[q + reach] = (here + q + bins) % bins;
  std::sort(cells, cells + 2 * reach + 1);
  return 2 * reach + 1;
}

// Pairs of the atoms of one cell with every atom that comes after them.
void count_cell(const PairCounting& p, const Frame& f, int cell, Histogram& histogram) {
  const int w = cell % f.bins[2], v = (cell / f.bins[2]) % f.bins[1],
            u = cell / (f.bins[2] * f.bins[1]);
  int us[128], vs[128], ws[128];
  const int nu = cells_within(u, f.bins[0], f.reach[0], us);
  const int nv = cells_within(v, f.bins[1], f.reach[1], vs);
  const int nw = cells_within(w, f.bins[2], f.reach[2], ws);
  for (int x = 0; x < nu; ++x) {
    if (us[x] < u) continue;
    for (int y = 0; y < nv; ++y) {
      const int column = (us[x] * f.bins[1] + vs[y]) * f.bins[2];
      // Neighbouring cells along the last direction lie together in memory.
      for (int z = 0; z < nw;) {
        int end = z + 1;
        while (end < nw && ws[end] == ws[end - 1] + 1) ++end;
        const int first = f.begin[column + ws[z]];
        const int last = f.begin[column + ws[end - 1] + 1];
        for (int i = f.begin[cell]; i < f.begin[cell + 1]; ++i)
          count_run(p, f, i, std::max(first, i + 1), last, histogram);
        z = end;
      }
    }
  }
}

}  // namespace

void count_pairs(const PairCounting& p, const double* positions, const double cell[9],
                 std::uint32_t* counts) {
  const Frame f = prepare(p, positions, cell);
  const int n_cells = f.bins[0] * f.bins[1] * f.bins[2];
#pragma omp parallel
  {
    Histogram histogram(p.n_types, p.n_bins);
    if (n_cells > 1) {
#pragma omp for schedule(dynamic, 4)
      for (int k = 0; k < n_cells; ++k) count_cell(p, f, k, histogram);
    } else {
#pragma omp for schedule(dynamic, 64)
      for (int i = 0; i < p.n_atoms; ++i)
        count_run(p, f, i, i + 1, p.n_atoms, histogram);
    }
#pragma omp critical(brine_radial_counts)
    for (int t = 0; t < p.n_types; ++t)
      for (int copy = 0; copy < kCopies; ++copy)
        for (int s = 0; s < p.n_types; ++s)
          for (int bin = 0; bin < p.n_bins; ++bin)
            counts[(t * p.n_types + s) * p.n_bins + bin] +=
                histogram.row(t)[copy * histogram.stride + s * (p.n_bins + 1) + bin];
  }
}

}  // namespace brine
