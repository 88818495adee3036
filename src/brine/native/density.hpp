// The density around one centre: neighbours packed into vectors, expanded, and forces
// handed back to them. Included by every kernel of BRINE_ISA, whose namespace keeps
// the copies for different instruction sets apart.
#pragma once

#include <cstddef>
#include <type_traits>

#include "kernel.hpp"
#include "vectors.hpp"

namespace brine::BRINE_ISA {

namespace {

// What does not depend on the sizes of the descriptor.
template <class Number>
struct Parts : Vectors<Number> {
  using V = Vectors<Number>;
  using typename V::Vector;
  using V::lanes, V::load, V::store, V::round_up, V::any, V::total, V::four;
  template <class T>
  using Four = typename V::template Four<T>;
  using Model = KernelModel<Number>;
  using Packed = PackedNeighbours<Number>;
  using Run = typename Packed::Run;

  // Spreads a run of (x, y, z, r²) to arrays of their own, with distances for squares;
  // pads it with neighbours at the reach, where every function vanishes.
  static void spread(Packed& p, Run run, Number reach) {
    const int end = run.begin + round_up(run.count);
    for (int k = run.begin + run.count; k < end; ++k) {
      Number* place = p.places + 4 * static_cast<std::size_t>(k);
      place[0] = reach, place[1] = place[2] = 0, place[3] = reach * reach;
    }
    const Number* from = p.places;
#pragma omp simd
    for (int k = run.begin; k < end; ++k) {
      p.x[k] = from[4 * k], p.y[k] = from[4 * k + 1], p.z[k] = from[4 * k + 2];
      if constexpr (sizeof(Number) == 4)
        p.r[k] = __builtin_sqrtf(from[4 * k + 3]);
      else
        p.r[k] = __builtin_sqrt(from[4 * k + 3]);
    }
  }

  // Differences are taken in double precision: a coordinate has more digits than one.
  static void pack(const Model& model, const Step& step, int centre, Packed& out) {
    const int n_elements = model.shape.n_elements;
    const int* first = step.first + static_cast<std::size_t>(centre) * n_elements;
    const double reach2 = static_cast<double>(model.reach) * model.reach;
    const double near2 = model.shape.three_cutoff * model.shape.three_cutoff;
    const double* places = step.places;
    const int *place = step.place, *atom = step.atom;
    Number* kept = out.places;
    int* kept_atom = out.atom;
    const Four<double> origin =
        *four(places + 4 * static_cast<std::size_t>(step.own[centre]));
    int at = 0;
    for (int a = 0; a < n_elements; ++a) {
      const int begin = at, span = first[a + 1] - first[a];
      int far = begin + round_up(span) + lanes, near = begin;
      const int far_begin = far;
      for (int k = first[a], end = first[a + 1]; k < end; ++k) {
        const Four<double> d =
            *four(places + 4 * static_cast<std::size_t>(place[k])) - origin;
        const double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
        const bool is_near = r2 < near2;
        const int to = is_near ? near : far;
        Four<Number> rounded = __builtin_convertvector(d, Four<Number>);
        rounded[3] = static_cast<Number>(r2);
        *four(kept + 4 * static_cast<std::size_t>(to)) = rounded;
        kept_atom[to] = atom[k];
        near += is_near;
        far += !is_near && r2 < reach2;
      }
      out.near[a] = {begin, near - begin};
      out.far[a] = {far_begin, far - far_begin};
      spread(out, out.near[a], model.reach);
      spread(out, out.far[a], model.reach);
      at = far_begin + round_up(far - far_begin);
    }
  }

  // Energy of the pairs of one run; their slopes go to gx, gy, gz. Padding stands at
  // the reach, where the table is zero.
  static Vector pair_run(const Model& model, int pair, Run run, const Packed& packed,
                         Number* const gradient[3], double& margin) {
    using Integer = std::conditional_t<sizeof(Number) == 8, long long, int>;
    typedef Integer Index __attribute__((vector_size(64)));
    const Number* table =
        model.tables + pair * (static_cast<std::size_t>(model.n_intervals) * 6);
    const Number inverse = 1 / model.step, wall = model.walls[pair];
    Number *gx = gradient[0], *gy = gradient[1], *gz = gradient[2];
    const Vector zero = {};
    const double shortest = model.shortest[pair];
    Vector energy = {}, least = zero + model.reach;
    for (int k = run.begin; k < run.begin + run.count; k += lanes) {
      const Vector r = load(packed.r + k);
      least = r < least ? r : least;
      if (!any(r < wall)) {
        store(gx + k, zero), store(gy + k, zero), store(gz + k, zero);
        continue;
      }
      // Where the table ends, value and slope are zero.
      const Vector ahead = (r - model.start) * inverse,
                   end = zero + static_cast<Number>(model.n_intervals);
      const Vector u = ahead < end ? ahead : end, inside = u > 0 ? u : zero;
      Index i = __builtin_convertvector(inside, Index);
      i = i < model.n_intervals ? i : Index{} + (model.n_intervals - 1);
      const Vector t = inside - __builtin_convertvector(i, Vector), below = u - inside;
      Vector c[6] = {};
      for (int lane = 0; lane < lanes; ++lane)
        for (int p = 0; p < 6; ++p) c[p][lane] = table[6 * i[lane] + p];
      const Vector slope =
          c[1] + t * (2 * c[2] + t * (3 * c[3] + t * (4 * c[4] + t * 5 * c[5])));
      energy += c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * c[5])))) +
                below * slope;
      const Vector pull = slope * inverse / r;
      store(gx + k, pull * load(packed.x + k));
      store(gy + k, pull * load(packed.y + k));
      store(gz + k, pull * load(packed.z + k));
    }
    for (int lane = 0; lane < lanes; ++lane)
      margin = least[lane] - shortest < margin ? least[lane] - shortest : margin;
    return energy;
  }

  // What a centre gathers of itself while forces go to its neighbours.
  struct Gathered {
    Vector force[3] = {}, virial[9] = {};

    void add_to(Totals& totals, Number* force_on_centre) const {
      for (int c = 0; c < 3; ++c) force_on_centre[c] += total(force[c]);
      for (int c = 0; c < 9; ++c) totals.virial[c] -= total(virial[c]);
    }
  };

  // Forces on the neighbours of one run; padding has none.
  static void scatter(const Packed& packed, Run run, const Number* gx, const Number* gy,
                      const Number* gz, Gathered& own, Number* forces) {
    const int* atom = packed.atom;
    Number* gradient = packed.places;
    for (int at = run.begin; at < run.begin + run.count; at += lanes) {
      const Vector g[3] = {load(gx + at), load(gy + at), load(gz + at)};
      const Vector r[3] = {load(packed.x + at), load(packed.y + at),
                           load(packed.z + at)};
#pragma GCC unroll 3
      for (int c = 0; c < 3; ++c) {
        own.force[c] += g[c];
#pragma GCC unroll 3
        for (int b = 0; b < 3; ++b) own.virial[3 * b + c] += r[b] * g[c];
      }
      V::interleave(g[0], g[1], g[2], gradient);
      const int count =
          run.begin + run.count - at < lanes ? run.begin + run.count - at : lanes;
      for (int k = 0; k < count; ++k)
        *four(forces + 4 * static_cast<std::size_t>(atom[at + k])) -=
            *four(gradient + 4 * k);
    }
  }
};

// The density around a centre and what it hands back, for l up to L, and C channels of
// an element, padding counted.
template <class Number, int L, int C>
struct Density : Parts<Number> {
  using P = Parts<Number>;
  using P::lanes, P::load, P::store, P::round_up;
  using typename P::Model;
  using typename P::Packed;
  using typename P::Run;
  using typename P::Vector;
  static constexpr int LM = (L + 1) * (L + 1), padded = C;
  static constexpr int block = LM * padded;  // an element's density, [lm][channel]
  static constexpr int W = C < lanes ? C : lanes;
  using Channels = typename P::template Short<W>::type;

  static Channels some(const Number* p) {
    return *reinterpret_cast<const Channels*>(p);
  }
  static Channels& some(Number* p) { return *reinterpret_cast<Channels*>(p); }

  // Where channel v of all elements, counted with padding, stands among their blocks.
  static int place(int v) { return v / padded * block + v % padded; }
  // A vector of channels from v on, of one element or several; and back.
  static Vector load_channels(const Number* blocks, int v) {
    Vector x;
    for (int k = 0; k < lanes; k += W)
      reinterpret_cast<Channels*>(&x)[k / W] = some(blocks + place(v + k));
    return x;
  }
  static void store_channels(Number* blocks, int v, const Vector& x) {
    for (int k = 0; k < lanes; k += W)
      some(blocks + place(v + k)) = reinterpret_cast<const Channels*>(&x)[k / W];
  }
  // Whether no neighbour is near of the elements that have channels v to v + lanes.
  static bool none_near(const Model& model, const Packed& packed, int v) {
    for (int a = v / padded; a < model.shape.n_elements && a * padded < v + lanes; ++a)
      if (packed.near[a].count > 0) return false;
    return true;
  }

  // Density of one element's neighbours, [lm][channel] into `density`. Leaves radial
  // functions and slopes, [block][n] vectors over neighbours.
  static void expand(const Model& model, Run run, Scratch<Number>& s, Number* density) {
    const Packed& packed = s.packed;
    const Radial<Vector> radial{model.shape.three_cutoff, model.shape.three_scale};
    const int n_three = model.shape.n_three;
    for (int k = 0; k < run.count; k += lanes) {
      const int at = run.begin + k;
      const Vector r = load(packed.r + at), inverse = 1 / r;
      Number* g = &s.g[static_cast<std::size_t>(at) * padded];
      Number* slope = &s.slope[static_cast<std::size_t>(at) * padded];
      radial(r, n_three, [&](int n, const Vector& value, const Vector& d) {
        store(g + n * lanes, value), store(slope + n * lanes, d);
      });
      for (int v = 0; v < padded; v += W)
        P::template transpose<W>(g + v * lanes, s.rows + k * padded + v, padded);
      Number* harmonics = s.harmonics + k * LM;
      each_harmonic<L>(load(packed.x + at) * inverse, load(packed.y + at) * inverse,
                       load(packed.z + at) * inverse,
                       [&](int, int lm, const Vector& y, const Vector&, const Vector&,
                           const Vector&) { store(harmonics + lm * lanes, y); });
    }
    for (int v = 0; v < padded; v += W) {
      Channels a[LM] = {};
      for (int k = 0; k < run.count; ++k) {
        const Channels g = some(s.rows + k * padded + v);
        const Number* y = s.harmonics + (k / lanes) * LM * lanes + k % lanes;
#pragma GCC unroll 64
        for (int lm = 0; lm < LM; ++lm) a[lm] += y[lm * lanes] * g;
      }
      for (int lm = 0; lm < LM; ++lm) some(density + lm * padded + v) = a[lm];
    }
  }

  // sum_lm += from_lm row_l, for numbers `stride` apart and rows `of_l` apart. All l go
  // together: sums that do not wait for each other.
  template <int stride>
  static inline __attribute__((always_inline)) void add_rows(const Number* from,
                                                             const Number* row,
                                                             std::size_t of_l,
                                                             Vector* sum) {
#pragma GCC unroll 8
    for (int l = 0; l <= L; ++l) {
      const Vector w = load(row + l * of_l);
#pragma GCC unroll 16
      for (int lm = l * l; lm < (l + 1) * (l + 1); ++lm)
        sum[lm] += from[lm * stride] * w;
    }
  }

  // h_lm = Σ_n derivative_{lm,n} f_n for one vector of neighbours.
  static inline __attribute__((always_inline)) void contract(int n_three,
                                                             const Number* f,
                                                             const Number* derivative,
                                                             Vector* h) {
    Vector sum[LM] = {};
    for (int n = 0; n < n_three; ++n) {
      const Vector value = load(f + n * lanes);
#pragma GCC unroll 64
      for (int lm = 0; lm < LM; ++lm) sum[lm] += derivative[lm * padded + n] * value;
    }
#pragma GCC unroll 64
    for (int lm = 0; lm < LM; ++lm) h[lm] = sum[lm];
  }

  // Adds ∂E/∂(neighbour) of one element's neighbours to gx, gy, gz.
  static void back_propagate(const Model& model, Run run, const Scratch<Number>& s,
                             const Number* derivative) {
    const Packed& packed = s.packed;
    const int n_three = model.shape.n_three;
    Number *gx = s.gradient[0], *gy = s.gradient[1], *gz = s.gradient[2];
    for (int at = run.begin; at < run.begin + run.count; at += lanes) {
      const Number* g = &s.g[static_cast<std::size_t>(at) * padded];
      const Number* slope = &s.slope[static_cast<std::size_t>(at) * padded];
      // One after the other: both sets of sums at once would not fit the registers.
      Vector h[LM] = {}, h_slope[LM] = {};
      contract(n_three, g, derivative, h);
      contract(n_three, slope, derivative, h_slope);
      const Vector inverse = 1 / load(packed.r + at);
      const Vector x = load(packed.x + at) * inverse, y = load(packed.y + at) * inverse,
                   z = load(packed.z + at) * inverse;
      Vector radial = {}, euler = {}, tx = {}, ty = {}, tz = {};
      each_harmonic<L>(x, y, z,
                       [&](int l, int lm, const Vector& value, const Vector& dx,
                           const Vector& dy, const Vector& dz) {
                         radial += h_slope[lm] * value;
                         euler += static_cast<Number>(l) * h[lm] * value;
                         tx += h[lm] * dx, ty += h[lm] * dy, tz += h[lm] * dz;
                       });
      const Vector along = radial - euler * inverse;
      store(gx + at, load(gx + at) + along * x + tx * inverse);
      store(gy + at, load(gy + at) + along * y + ty * inverse);
      store(gz + at, load(gz + at) + along * z + tz * inverse);
    }
  }

  // Packs the neighbours and sums the densities of all elements; energies of pairs are
  // returned, their slopes stay in s.gradient.
  static Vector gather(const Model& model, const Step& step, int i, Scratch<Number>& s,
                       Totals& totals) {
    P::pack(model, step, i, s.packed);
    const Packed& packed = s.packed;
    const int n_elements = model.shape.n_elements;
    Vector energy = {};
    for (int a = 0; a < n_elements; ++a) {
      const int pair = step.element[i] * n_elements + a;
      const Run runs[] = {packed.near[a], packed.far[a]}, near = runs[0];
      for (const Run run : runs)
        energy += P::pair_run(model, pair, run, packed, s.gradient, totals.margin);
      Number* density = s.density + a * block;
      if (near.count > 0)
        expand(model, near, s, density);
      else
        for (int k = 0; k < block; ++k) density[k] = 0;
    }
    return energy;
  }

  // Forces and virial of what s.gradient and s.derivative hold.
  static void hand_back(const Model& model, int i, Scratch<Number>& s, Totals& totals,
                        Number* forces) {
    const Packed& packed = s.packed;
    typename P::Gathered own;
    for (int a = 0; a < model.shape.n_elements; ++a) {
      const Run runs[] = {packed.near[a], packed.far[a]}, near = runs[0];
      if (near.count > 0) back_propagate(model, near, s, s.derivative + a * block);
      for (const Run run : runs)
        P::scatter(packed, run, s.gradient[0], s.gradient[1], s.gradient[2], own,
                   forces);
    }
    own.add_to(totals, forces + 4 * static_cast<std::size_t>(i));
  }
};

// Kernel<Number, L, C>::value for the sizes of a shape; null where there is none.
template <class Number, template <class, int, int> class Kernel, class Function, int C>
Function by_degree(int l_max) {
  switch (l_max) {
    case 0:
      return Kernel<Number, 0, C>::value;
    case 1:
      return Kernel<Number, 1, C>::value;
    case 2:
      return Kernel<Number, 2, C>::value;
    case 3:
      return Kernel<Number, 3, C>::value;
    case 4:
      return Kernel<Number, 4, C>::value;
    case 5:
      return Kernel<Number, 5, C>::value;
    default:
      return nullptr;
  }
}
template <class Number, template <class, int, int> class Kernel, class Function>
Function choose(const DescriptorShape& shape) {
  if (shape.n_three <= channels)
    return by_degree<Number, Kernel, Function, channels>(shape.l_max);
  if (shape.n_three <= 2 * channels)
    return by_degree<Number, Kernel, Function, 2 * channels>(shape.l_max);
  return nullptr;
}

}  // namespace

}  // namespace brine::BRINE_ISA
