// The network of one centre: what it reads of the density, and its hidden layers.
// Included by the kernels of BRINE_ISA, whose namespace keeps the copies for different
// instruction sets apart.
#pragma once

#include "density.hpp"

namespace brine::BRINE_ISA {

namespace {

template <class Number, int L, int C>
struct Network : Density<Number, L, C> {
  using D = Density<Number, L, C>;
  using P = Parts<Number>;
  using D::block, D::LM, D::padded;
  using P::lanes, P::load, P::store, P::total;
  using typename P::Model;
  using typename P::Packed;
  using typename P::Run;
  using typename P::Vector;

  // Rooms in the scratch of a thread, one after the other.
  struct Rooms {
    Number *mixed, *mixed_bar;  // [vector of (P, Q)][lm]
    Number *x, *x_bar;          // inputs
    Number *z1, *z2, *a1, *bar1, *bar2;
    Number* end;
  };
  static Rooms rooms(const Model& model, Number* at) {
    const int inputs = model.neural.n_inputs(model.shape), h = model.neural.hidden;
    const int mixed = LM * 2 * model.neural.products;
    Rooms r;
    r.mixed = at, r.mixed_bar = at += mixed, r.x = at += mixed;
    r.x_bar = at += inputs, r.z1 = at += inputs, r.z2 = at += h, r.a1 = at += h;
    r.bar1 = at += h, r.bar2 = at += h, r.end = at += h;
    return r;
  }

  static Vector root(const Vector& x) {
    Vector y;
    for (int k = 0; k < lanes; ++k)
      y[k] = sizeof(Number) == 4 ? __builtin_sqrtf(x[k]) : __builtin_sqrt(x[k]);
    return y;
  }
  // s, s′ and s″ of the hidden layers; with p = x/√(1 + x²), s′ = (1 + p (2 − p²))/2.
  static Vector ramp(const Vector& x) {
    return x * (1 + x / root(1 + x * x)) * Number(0.5);
  }
  static Vector ramp_slope(const Vector& x) {
    const Vector p = x / root(1 + x * x);
    return (1 + p * (2 - p * p)) * Number(0.5);
  }
  static Vector ramp_curvature(const Vector& x) {
    const Vector s2 = 1 + x * x;
    return (2 - x * x) / (s2 * s2 * root(s2)) * Number(0.5);
  }

  // y = b + Σ_i x_i W_i for rows W_i of `width` numbers; b may be null.
  static void affine(const Number* x, int n, const Number* w, const Number* b,
                     int width, Number* y) {
    for (int at = 0; at < width;) {
      const Number* start = b ? b + at : nullptr;
      if (width - at >= 4 * lanes)
        at += columns<4>(x, n, w + at, start, width, y + at);
      else if (width - at >= 2 * lanes)
        at += columns<2>(x, n, w + at, start, width, y + at);
      else
        at += columns<1>(x, n, w + at, start, width, y + at);
    }
  }
  // V vectors of columns, in chains of sums that do not wait for each other.
  template <int V>
  static int columns(const Number* x, int n, const Number* w, const Number* b,
                     int width, Number* y) {
    constexpr int chains = 8 / V;
    Vector sum[chains][V] = {};
    const auto add = [&](int i, int chain) {
      const Number* row = w + static_cast<std::size_t>(i) * width;
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[chain][v] += x[i] * load(row + v * lanes);
    };
    int i = 0;
    for (; i + chains <= n; i += chains)
#pragma GCC unroll 8
      for (int chain = 0; chain < chains; ++chain) add(i + chain, chain);
    for (; i < n; ++i) add(i, 0);
    for (int v = 0; v < V; ++v) {
      Vector all = b ? load(b + v * lanes) : Vector{};
      for (int chain = 0; chain < chains; ++chain) all += sum[chain][v];
      store(y + v * lanes, all);
    }
    return V * lanes;
  }

  static void accumulate(Number* to, const Vector& x) { store(to, load(to) + x); }
  static void clear(Number* to, int n) {
    for (int k = 0; k < n; ++k) to[k] = 0;
  }

  // Σ_α mix_{αk} A_{αlm} for all k; elements without near neighbours add nothing.
  static void mix(const Model& model, const Number* weights, const Packed& packed,
                  const Number* density, Number* mixed) {
    const int k_all = 2 * model.neural.products, n_three = model.shape.n_three;
    const std::size_t of_l = static_cast<std::size_t>(model.shape.n_channels()) * k_all;
    for (int v = 0; v < k_all; v += lanes) {
      Vector sum[LM] = {};
      for (int a = 0; a < model.shape.n_elements; ++a) {
        if (packed.near[a].count == 0) continue;
        const Number* row = weights + static_cast<std::size_t>(a) * n_three * k_all + v;
        for (int n = 0; n < n_three; ++n, row += k_all)
          D::template add_rows<padded>(density + a * block + n, row, of_l, sum);
      }
      for (int lm = 0; lm < LM; ++lm) store(mixed + v * LM + lm * lanes, sum[lm]);
    }
  }

  // Calls square(to, l, u, v) for the sums over m of each degree, and cubic(to, a, v,
  // u, terms, end) for the terms of an invariant that share the first factor: `to` is
  // the place of the sum in x; u, v and a are places of U, V and the first factor among
  // the mixes.
  template <class Square, class Cubic>
  static inline __attribute__((always_inline)) void each_product(const Model& model,
                                                                 Square&& square,
                                                                 Cubic&& cubic) {
    const int half = model.neural.products;
    for (int k = 0; k < half; k += lanes) {
      const int u = k * LM, v = u + half * LM;
      for (int l = 0; l <= L; ++l) square(l * half + k, l, u, v);
      const Coupling<Number>* term = model.couplings;
      for (int r = 0; r < model.n_rows; ++r) {
        const CouplingRow& row = model.rows[r];
        const Coupling<Number>* end = model.couplings + row.end;
        cubic((L + 1 + row.triple) * half + k, u + row.first * lanes, v, u, term, end);
        term = end;
      }
    }
  }

  // Σ factor V_b U_c over the terms of a row.
  static Vector pairs_of(const Number* mixed, int v, int u,
                         const Coupling<Number>* term, const Coupling<Number>* end) {
    Vector sum = {};
    for (; term < end; ++term)
      sum += term->factor * load(mixed + v + term->second * lanes) *
             load(mixed + u + term->third * lanes);
    return sum;
  }

  // Σ_m U_{k,lm} V_{k,lm} and the invariants of three.
  static void products(const Model& model, const Number* mixed, Number* x) {
    clear(x, model.neural.n_products(model.shape));
    each_product(
        model,
        [&](int to, int l, int u, int v) {
          Vector sum = {};
          for (int lm = l * l * lanes; lm < (l + 1) * (l + 1) * lanes; lm += lanes)
            sum += load(mixed + u + lm) * load(mixed + v + lm);
          store(x + to, sum);
        },
        [&](int to, int a, int v, int u, const auto* term, const auto* end) {
          accumulate(x + to, load(mixed + a) * pairs_of(mixed, v, u, term, end));
        });
  }

  // What they hand back, mixed̄ = Jᵀ x̄.
  static void pull_products(const Model& model, const Number* bar, const Number* mixed,
                            Number* mixed_bar) {
    each_product(
        model,
        [&](int from, int l, int u, int v) {
          const Vector x_bar = load(bar + from);
          for (int lm = l * l * lanes; lm < (l + 1) * (l + 1) * lanes; lm += lanes) {
            store(mixed_bar + u + lm, x_bar * load(mixed + v + lm));
            store(mixed_bar + v + lm, x_bar * load(mixed + u + lm));
          }
        },
        [&](int from, int a, int v, int u, const auto* term, const auto* end) {
          const Vector x_bar = load(bar + from);
          accumulate(mixed_bar + a, x_bar * pairs_of(mixed, v, u, term, end));
          pull_pairs(x_bar * load(mixed + a), mixed, v, u, term, end, mixed_bar);
        });
  }

  // What `pairs_of` hands back.
  static void pull_pairs(const Vector& bar, const Number* mixed, int v, int u,
                         const Coupling<Number>* term, const Coupling<Number>* end,
                         Number* mixed_bar) {
    for (; term < end; ++term) {
      const int b = v + term->second * lanes, c = u + term->third * lanes;
      const Vector scaled = term->factor * bar;
      accumulate(mixed_bar + b, scaled * load(mixed + c));
      accumulate(mixed_bar + c, scaled * load(mixed + b));
    }
  }

  // Sums of the two-body functions over one element's neighbours; slopes are kept.
  static void two_body(const Model& model, int a, Scratch<Number>& s, Number* to) {
    const Packed& packed = s.packed;
    const Radial<Vector> radial{model.shape.two_cutoff, model.shape.two_scale};
    const int n_two = model.shape.n_two;
    Vector sum[max_two] = {};
    const Run runs[] = {packed.near[a], packed.far[a]};
    for (const Run run : runs)
      for (int k = run.begin; k < run.begin + run.count; k += lanes) {
        Number* slopes = s.two_slope + static_cast<std::size_t>(k) * n_two;
        radial(load(packed.r + k), n_two,
               [&](int n, const Vector& value, const Vector& d) {
                 sum[n] += value;
                 store(slopes + n * lanes, d);
               });
      }
    for (int n = 0; n < n_two; ++n) to[n] = total(sum[n]);
  }

  // From the neighbours to the second hidden layer; energies of pairs are returned.
  static Vector forward(const Model& model, const Step& step, int i, Scratch<Number>& s,
                        Totals& totals) {
    const DescriptorShape& shape = model.shape;
    const NeuralShape& neural = model.neural;
    const int h = neural.hidden;
    const Number* w = model.weights + step.element[i] * neural.stride(shape);
    const Rooms o = rooms(model, s.neural);
    const Vector energy = D::gather(model, step, i, s, totals);
    Number* two = o.x + neural.n_products(shape);
    for (int a = 0; a < shape.n_elements; ++a)
      two_body(model, a, s, two + a * shape.n_two);
    mix(model, w, s.packed, s.density, o.mixed);
    products(model, o.mixed, o.x);
    affine(o.x, neural.n_inputs(shape), w + neural.w1(shape), w + neural.b1(shape), h,
           o.z1);
    for (int k = 0; k < h; k += lanes) store(o.a1 + k, ramp(load(o.z1 + k)));
    affine(o.a1, h, w + neural.w2(shape), w + neural.b2(shape), h, o.z2);
    return energy;
  }

  static constexpr int max_two = 40;
};

}  // namespace

}  // namespace brine::BRINE_ISA
