// Energy and forces of one centre. This file is compiled once per instruction set;
// BRINE_ISA names the namespace that keeps the copies apart.
#include "linear_kernel.hpp"

namespace brine::BRINE_ISA {

namespace {

typedef double Vector __attribute__((vector_size(64), aligned(8), may_alias));

inline Vector load(const double* p) { return *reinterpret_cast<const Vector*>(p); }
inline void store(double* p, const Vector& v) { *reinterpret_cast<Vector*>(p) = v; }
inline double sum(const Vector& v) {
  return ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7]));
}

inline int round_up(int n) { return (n + lanes - 1) / lanes * lanes; }

// Pads a run with neighbours at the reach, where every function vanishes, and turns
// its squared distances into distances.
inline void close(PackedNeighbours& out, PackedNeighbours::Run run, double reach) {
  const int end = run.begin + round_up(run.count);
  for (int k = run.begin + run.count; k < end; ++k)
    out.x[k] = reach, out.y[k] = out.z[k] = 0, out.r[k] = reach * reach,
    out.atom[k] = -1;
  for (int k = run.begin; k < end; k += lanes) {
    Vector v = load(out.r + k);
    for (int lane = 0; lane < lanes; ++lane) v[lane] = __builtin_sqrt(v[lane]);
    store(out.r + k, v);
  }
}

void pack(const LinearModel& model, const Step& step, int centre,
          PackedNeighbours& out) {
  const int n_elements = model.shape.n_elements;
  const int* first = step.first + static_cast<std::size_t>(centre) * n_elements;
  const double reach = model.reach(), reach2 = reach * reach;
  const double near2 = model.shape.three_cutoff * model.shape.three_cutoff;
  const double* ri = step.positions + 3 * static_cast<std::size_t>(centre);
  double *x = out.x, *y = out.y, *z = out.z, *r = out.r;
  int* atom = out.atom;
  int at = 0;
  for (int a = 0; a < n_elements; ++a) {
    const int begin = at, span = first[a + 1] - first[a];
    int far = begin + round_up(span) + lanes, near = begin;
    const int far_begin = far;
    for (int k = first[a]; k < first[a + 1]; ++k) {
      const int j = step.atom[k];
      const double* rj = step.positions + 3 * static_cast<std::size_t>(j);
      const double* t = step.translations + 3 * static_cast<std::size_t>(step.image[k]);
      const double dx = rj[0] + t[0] - ri[0];
      const double dy = rj[1] + t[1] - ri[1];
      const double dz = rj[2] + t[2] - ri[2];
      const double r2 = dx * dx + dy * dy + dz * dz;
      const bool is_near = r2 < near2;
      const int place = is_near ? near : far;
      x[place] = dx, y[place] = dy, z[place] = dz, r[place] = r2, atom[place] = j;
      near += is_near;
      far += !is_near && r2 < reach2;
    }
    out.near[a] = {begin, near - begin};
    out.far[a] = {far_begin, far - far_begin};
    close(out, out.near[a], reach);
    close(out, out.far[a], reach);
    at = far_begin + round_up(far - far_begin);
  }
}

// Energy of the pairs of one run; their slopes go to gx, gy, gz.
double pair_run(const LinearModel& model, const double* table, double shortest,
                PackedNeighbours::Run run, const PackedNeighbours& packed, double* gx,
                double* gy, double* gz, double& margin) {
  const PairTables& tables = model.pairs;
  const double inverse = 1.0 / tables.step;
  double energy = 0, least = 1e300;
#pragma omp simd reduction(+ : energy) reduction(min : least)
  for (int k = run.begin; k < run.begin + run.count; ++k) {
    const double r = packed.r[k];
    least = r < least ? r : least;
    const double u = (r - tables.start) * inverse;
    const double inside = u > 0.0 ? u : 0.0;
    int i = static_cast<int>(inside);
    i = i < tables.n_intervals ? i : tables.n_intervals - 1;
    const double t = inside - i, below = u - inside;
    const double* c = table + 6 * i;
    const double slope =
        c[1] + t * (2 * c[2] + t * (3 * c[3] + t * (4 * c[4] + t * 5 * c[5])));
    energy += c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * c[5])))) +
              below * slope;
    const double pull = slope * inverse / r;
    gx[k] = pull * packed.x[k];
    gy[k] = pull * packed.y[k];
    gz[k] = pull * packed.z[k];
  }
  if (least - shortest < margin) margin = least - shortest;
  return energy;
}

// The 8 × 8 numbers at `from`, turned, to rows `stride` apart.
inline void transpose(const double* from, double* to, int stride) {
  using Order = long long __attribute__((vector_size(64)));
  Vector a[lanes], b[lanes];
  for (int k = 0; k < lanes; ++k) a[k] = load(from + k * lanes);
  for (int k = 0; k < lanes; k += 2) {
    b[k] = __builtin_shuffle(a[k], a[k + 1], Order{0, 8, 2, 10, 4, 12, 6, 14});
    b[k + 1] = __builtin_shuffle(a[k], a[k + 1], Order{1, 9, 3, 11, 5, 13, 7, 15});
  }
  for (int k = 0; k < lanes; k += 4)
    for (int m = 0; m < 2; ++m) {
      const Vector &x = b[k + m], &y = b[k + m + 2];
      a[k + m] = __builtin_shuffle(x, y, Order{0, 1, 8, 9, 4, 5, 12, 13});
      a[k + m + 2] = __builtin_shuffle(x, y, Order{2, 3, 10, 11, 6, 7, 14, 15});
    }
  for (int m = 0; m < 4; ++m) {
    store(to + m * stride,
          __builtin_shuffle(a[m], a[m + 4], Order{0, 1, 2, 3, 8, 9, 10, 11}));
    store(to + (m + 4) * stride,
          __builtin_shuffle(a[m], a[m + 4], Order{4, 5, 6, 7, 12, 13, 14, 15}));
  }
}

// Density of one element's neighbours, [lm][channel] into `density` (row length
// `width`). Leaves radial functions and slopes, [block][n] vectors over neighbours.
template <int L, int N>
void expand(const LinearModel& model, PackedNeighbours::Run run,
            const PackedNeighbours& packed, Scratch& s, double* density, int width) {
  constexpr int LM = (L + 1) * (L + 1), padded = N * lanes, square = lanes * lanes;
  const Radial<Vector> radial{model.shape.three_cutoff, model.shape.three_scale};
  const int n_three = model.shape.n_three;
  double* harmonics = s.harmonics;
  double* rows = s.rows;
  for (int k = 0; k < run.count; k += lanes) {
    const int at = run.begin + k;
    const Vector r = load(packed.r + at), inverse = 1.0 / r;
    double* g = &s.g[static_cast<std::size_t>(at) * padded];
    double* slope = &s.slope[static_cast<std::size_t>(at) * padded];
    radial(r, n_three, [&](int n, const Vector& value, const Vector& d) {
      store(g + n * lanes, value), store(slope + n * lanes, d);
    });
    for (int v = 0; v < N; ++v)
      transpose(g + v * square, rows + k * padded + v * lanes, padded);
    each_harmonic<L>(load(packed.x + at) * inverse, load(packed.y + at) * inverse,
                     load(packed.z + at) * inverse,
                     [&](int, int lm, const Vector& y, const Vector&, const Vector&,
                         const Vector&) { store(harmonics + k * LM + lm * lanes, y); });
  }
  for (int v = 0; v < N; ++v) {
    Vector a[LM] = {};
    for (int k = 0; k < run.count; ++k) {
      const Vector g = load(rows + k * padded + v * lanes);
      const double* y = harmonics + (k / lanes) * LM * lanes + k % lanes;
#pragma GCC unroll 64
      for (int lm = 0; lm < LM; ++lm) a[lm] += y[lm * lanes] * g;
    }
    for (int lm = 0; lm < LM; ++lm) store(density + lm * width + v * lanes, a[lm]);
  }
}

// ∂E/∂A = S·A for one l, elements without neighbours skipped; returns ½ A·S·A.
template <int l>
double quadratic_form(const LinearModel& model, int centre, const PackedNeighbours& p,
                      const double* density, double* derivative, int padded) {
  const int width = model.width();
  const double* matrix = model.matrix(centre, l);
  double energy = 0;
  for (int a = 0; a < model.shape.n_elements; ++a) {
    if (p.near[a].count == 0) continue;
    for (int v = a * padded; v < (a + 1) * padded; v += lanes) {
      Vector d[2 * l + 1] = {};
      for (int b = 0; b < model.shape.n_elements; ++b) {
        if (p.near[b].count == 0) continue;
        for (int beta = b * padded; beta < b * padded + model.shape.n_three; ++beta) {
          const Vector row = load(matrix + static_cast<std::size_t>(beta) * width + v);
#pragma GCC unroll 16
          for (int m = 0; m < 2 * l + 1; ++m)
            d[m] += density[(l * l + m) * width + beta] * row;
        }
      }
      Vector e = {};
      for (int m = 0; m < 2 * l + 1; ++m) {
        e += d[m] * load(density + (l * l + m) * width + v);
        store(derivative + (l * l + m) * width + v, d[m]);
      }
      energy += sum(e);
    }
  }
  return 0.5 * energy;
}

template <int l>
double quadratic_forms(const LinearModel& model, int centre, const PackedNeighbours& p,
                       const double* density, double* derivative, int padded) {
  double energy = quadratic_form<l>(model, centre, p, density, derivative, padded);
  if constexpr (l > 0)
    energy += quadratic_forms<l - 1>(model, centre, p, density, derivative, padded);
  return energy;
}

// h_lm += Σ_n derivative_{lm,n} f_n for one vector of neighbours.
template <int LM>
inline __attribute__((always_inline)) void contract(int n_three, const double* f,
                                                    const double* derivative, int width,
                                                    Vector* h) {
  Vector sum[LM] = {};
  for (int n = 0; n < n_three; ++n) {
    const Vector value = load(f + n * lanes);
#pragma GCC unroll 64
    for (int lm = 0; lm < LM; ++lm) sum[lm] += derivative[lm * width + n] * value;
  }
#pragma GCC unroll 64
  for (int lm = 0; lm < LM; ++lm) h[lm] = sum[lm];
}

// Adds ∂E/∂(neighbour) of one element's neighbours to gx, gy, gz.
template <int L, int N>
void back_propagate(const LinearModel& model, PackedNeighbours::Run run,
                    const PackedNeighbours& packed, const Scratch& s,
                    const double* derivative, int width, double* gx, double* gy,
                    double* gz) {
  constexpr int LM = (L + 1) * (L + 1), padded = N * lanes;
  const int n_three = model.shape.n_three;
  for (int at = run.begin; at < run.begin + run.count; at += lanes) {
    const double* g = &s.g[static_cast<std::size_t>(at) * padded];
    const double* slope = &s.slope[static_cast<std::size_t>(at) * padded];
    // One after the other: both sets of sums at once would not fit the registers.
    Vector h[LM] = {}, h_slope[LM] = {};
    contract<LM>(n_three, g, derivative, width, h);
    contract<LM>(n_three, slope, derivative, width, h_slope);
    const Vector inverse = 1.0 / load(packed.r + at);
    const Vector x = load(packed.x + at) * inverse, y = load(packed.y + at) * inverse,
                 z = load(packed.z + at) * inverse;
    Vector radial = {}, euler = {}, tx = {}, ty = {}, tz = {};
    each_harmonic<L>(x, y, z,
                     [&](int l, int lm, const Vector& value, const Vector& dx,
                         const Vector& dy, const Vector& dz) {
                       radial += h_slope[lm] * value;
                       euler += (1.0 * l) * h[lm] * value;
                       tx += h[lm] * dx, ty += h[lm] * dy, tz += h[lm] * dz;
                     });
    const Vector along = radial - euler * inverse;
    store(gx + at, load(gx + at) + along * x + tx * inverse);
    store(gy + at, load(gy + at) + along * y + ty * inverse);
    store(gz + at, load(gz + at) + along * z + tz * inverse);
  }
}

void scatter(const PackedNeighbours& packed, PackedNeighbours::Run run,
             const double* gx, const double* gy, const double* gz, double own[3],
             Totals& totals, double* forces) {
  double w[9] = {};
  for (int k = run.begin; k < run.begin + run.count; ++k) {
    double* f = forces + 3 * static_cast<std::size_t>(packed.atom[k]);
    f[0] -= gx[k], f[1] -= gy[k], f[2] -= gz[k];
  }
  double fx = 0, fy = 0, fz = 0;
#pragma omp simd reduction(+ : fx, fy, fz, w[:9])
  for (int k = run.begin; k < run.begin + run.count; ++k) {
    const double x = packed.x[k], y = packed.y[k], z = packed.z[k];
    fx += gx[k], fy += gy[k], fz += gz[k];
    w[0] += x * gx[k], w[1] += x * gy[k], w[2] += x * gz[k];
    w[3] += y * gx[k], w[4] += y * gy[k], w[5] += y * gz[k];
    w[6] += z * gx[k], w[7] += z * gy[k], w[8] += z * gz[k];
  }
  own[0] += fx, own[1] += fy, own[2] += fz;
  for (int c = 0; c < 9; ++c) totals.virial[c] -= w[c];
}

template <int L, int N>
void centre(const LinearModel& model, const Step& step, int i, Scratch& s,
            Totals& totals, double* forces) {
  constexpr int padded = N * lanes;
  const int n_elements = model.shape.n_elements, width = n_elements * padded;
  pack(model, step, i, s.packed);
  const PackedNeighbours& packed = s.packed;
  double *gx = s.gradient[0], *gy = s.gradient[1], *gz = s.gradient[2];
  const int z = step.element[i];
  totals.energy += model.bias[z];
  for (int a = 0; a < n_elements; ++a) {
    const double* table = model.pairs.of(n_elements, z, a);
    const double shortest = model.shortest[z * n_elements + a];
    const auto near = packed.near[a], far = packed.far[a];
    for (const auto run : {near, far})
      totals.energy +=
          pair_run(model, table, shortest, run, packed, gx, gy, gz, totals.margin);
    for (int k = near.count; k < round_up(near.count); ++k)
      gx[near.begin + k] = gy[near.begin + k] = gz[near.begin + k] = 0;
    if (near.count > 0)
      expand<L, N>(model, near, packed, s, s.density + a * padded, width);
  }
  totals.energy +=
      quadratic_forms<L>(model, z, packed, s.density, s.derivative, padded);
  double own[3] = {};
  for (int a = 0; a < n_elements; ++a) {
    if (packed.near[a].count > 0)
      back_propagate<L, N>(model, packed.near[a], packed, s, s.derivative + a * padded,
                           width, gx, gy, gz);
    scatter(packed, packed.near[a], gx, gy, gz, own, totals, forces);
    scatter(packed, packed.far[a], gx, gy, gz, own, totals, forces);
  }
  double* f = forces + 3 * static_cast<std::size_t>(i);
  for (int k = 0; k < 3; ++k) f[k] += own[k];
}

template <int N>
CentreKernel by_degree(int l_max) {
  switch (l_max) {
    case 0:
      return centre<0, N>;
    case 1:
      return centre<1, N>;
    case 2:
      return centre<2, N>;
    case 3:
      return centre<3, N>;
    case 4:
      return centre<4, N>;
    case 5:
      return centre<5, N>;
    default:
      return nullptr;
  }
}

}  // namespace

CentreKernel kernel(const DescriptorShape& shape) {
  if (shape.n_three <= lanes) return by_degree<1>(shape.l_max);
  if (shape.n_three <= 2 * lanes) return by_degree<2>(shape.l_max);
  return nullptr;
}

}  // namespace brine::BRINE_ISA
