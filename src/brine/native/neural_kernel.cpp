// The neural readout of one centre, and the gradient that trains it. This file is
// compiled once per instruction set; BRINE_ISA names the namespace that keeps the
// copies apart.
#include "density.hpp"

namespace brine::BRINE_ISA {

namespace {

template <class Number, int L, int N>
struct NeuralCentre : Density<Number, L, N> {
  using D = Density<Number, L, N>;
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
    Number *x, *x_bar;                // inputs
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
  // s, s′ and s″ of the hidden layers.
  static Vector ramp(const Vector& x) { return x * (1 + x / root(1 + x * x)) * Number(0.5); }
  static Vector ramp_slope(const Vector& x) {
    const Vector s2 = 1 + x * x, s = root(s2);
    return (1 + x * (1 + s2) / (s2 * s)) * Number(0.5);
  }
  static Vector ramp_curvature(const Vector& x) {
    const Vector s2 = 1 + x * x;
    return (2 - x * x) / (s2 * s2 * root(s2)) * Number(0.5);
  }

  // y = b + Σ_i x_i W_i for rows W_i of `width` numbers; b may be null.
  static void affine(const Number* x, int n, const Number* w, const Number* b, int width,
                     Number* y) {
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
  // C vectors of columns, in chains of sums that do not wait for each other.
  template <int C>
  static int columns(const Number* x, int n, const Number* w, const Number* b, int width,
                     Number* y) {
    constexpr int chains = 8 / C;
    Vector sum[chains][C] = {};
    const auto add = [&](int i, int chain) {
      const Number* row = w + static_cast<std::size_t>(i) * width;
#pragma GCC unroll 4
      for (int v = 0; v < C; ++v) sum[chain][v] += x[i] * load(row + v * lanes);
    };
    int i = 0;
    for (; i + chains <= n; i += chains)
#pragma GCC unroll 8
      for (int chain = 0; chain < chains; ++chain) add(i + chain, chain);
    for (; i < n; ++i) add(i, 0);
    for (int v = 0; v < C; ++v) {
      Vector all = b ? load(b + v * lanes) : Vector{};
      for (int chain = 0; chain < chains; ++chain) all += sum[chain][v];
      store(y + v * lanes, all);
    }
    return C * lanes;
  }

  // rows W_i += x_i y + x'_i y'
  static void outer(const Number* x, const Number* y, const Number* x2, const Number* y2,
                    int n, int width, Number* w) {
    for (int i = 0; i < n; ++i, w += width)
      for (int v = 0; v < width; v += lanes)
        store(w + v, load(w + v) + x[i] * load(y + v) + x2[i] * load(y2 + v));
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

  // ∂E/∂A_{αlm} = Σ_k mix_{αk} ∂E/∂(mixed)_{k,lm}
  static void unmix(const Model& model, const Number* turned, const Packed& packed,
                    const Number* mixed_bar, Number* derivative) {
    const int k_all = 2 * model.neural.products, width = model.width;
    const std::size_t of_l = static_cast<std::size_t>(k_all) * width;
    for (int v = 0; v < width; v += lanes) {
      if (packed.near[v / padded].count == 0) continue;
      Vector sum[LM] = {};
      const Number* row = turned + v;
      for (int k = 0; k < k_all; k += lanes)
        for (int lane = 0; lane < lanes; ++lane, row += width)
          D::template add_rows<lanes>(mixed_bar + k * LM + lane, row, of_l, sum);
      Number* to = derivative + v / padded * block + v % padded;
      for (int lm = 0; lm < LM; ++lm) store(to + lm * padded, sum[lm]);
    }
  }

  // Σ_m U_{k,lm} V_{k,lm}
  static void products(const Model& model, const Number* u, const Number* v, Number* q) {
    const int half = model.neural.products;
    v += half * LM;
    for (int k = 0; k < half; k += lanes, u += lanes * LM, v += lanes * LM)
      for (int l = 0; l <= L; ++l) {
        Vector sum = {};
        for (int lm = l * l; lm < (l + 1) * (l + 1); ++lm)
          sum += load(u + lm * lanes) * load(v + lm * lanes);
        store(q + l * half + k, sum);
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
        radial(load(packed.r + k), n_two, [&](int n, const Vector& value, const Vector& d) {
          sum[n] += value;
          store(slopes + n * lanes, d);
        });
      }
    for (int n = 0; n < n_two; ++n) to[n] = total(sum[n]);
  }

  // Adds what two-body inputs hand back to one element's neighbours.
  static void pull_two_body(const Model& model, int a, const Number* bar,
                            Scratch<Number>& s) {
    const Packed& packed = s.packed;
    const int n_two = model.shape.n_two;
    Number *gx = s.gradient[0], *gy = s.gradient[1], *gz = s.gradient[2];
    const Run runs[] = {packed.near[a], packed.far[a]};
    for (const Run run : runs)
      for (int k = run.begin; k < run.begin + run.count; k += lanes) {
        const Number* slopes = s.two_slope + static_cast<std::size_t>(k) * n_two;
        Vector slope = {};
        for (int n = 0; n < n_two; ++n) slope += bar[n] * load(slopes + n * lanes);
        slope /= load(packed.r + k);
        store(gx + k, load(gx + k) + slope * load(packed.x + k));
        store(gy + k, load(gy + k) + slope * load(packed.y + k));
        store(gz + k, load(gz + k) + slope * load(packed.z + k));
      }
  }

  // From the neighbours to the second hidden layer; energies of pairs are returned.
  static Vector forward(const Model& model, const Step& step, int i, Scratch<Number>& s,
                        Totals& totals) {
    const DescriptorShape& shape = model.shape;
    const NeuralShape& neural = model.neural;
    const int n_elements = shape.n_elements, h = neural.hidden, z = step.element[i];
    P::pack(model, step, i, s.packed);
    const Packed& packed = s.packed;
    Number *gx = s.gradient[0], *gy = s.gradient[1], *gz = s.gradient[2];
    const Number* w = model.weights + z * neural.size(shape);
    const Rooms o = rooms(model, s.neural);
    const std::size_t table = static_cast<std::size_t>(model.n_intervals) * 6;
    Vector energy = {};
    Number* two = o.x + neural.n_products(shape);
    for (int a = 0; a < n_elements; ++a) {
      const int pair = z * n_elements + a;
      const Run runs[] = {packed.near[a], packed.far[a]}, near = runs[0];
      for (const Run run : runs)
        energy += P::pair_run(model, model.tables + pair * table, model.shortest[pair],
                              run, packed, gx, gy, gz, totals.margin);
      if (near.count > 0) D::expand(model, near, s, s.density + a * block);
      two_body(model, a, s, two + a * shape.n_two);
    }
    mix(model, w, packed, s.density, o.mixed);
    products(model, o.mixed, o.mixed, o.x);
    affine(o.x, neural.n_inputs(shape), w + neural.w1(shape), w + neural.b1(shape), h,
           o.z1);
    for (int k = 0; k < h; k += lanes) store(o.a1 + k, ramp(load(o.z1 + k)));
    affine(o.a1, h, w + neural.w2(shape), w + neural.b2(shape), h, o.z2);
    return energy;
  }

  // What the network reads, and its second hidden layer.
  static void layers(const Model& model, const Step& step, int i, Scratch<Number>& s,
                     double* out) {
    Totals unused;
    forward(model, step, i, s, unused);
    const Rooms o = rooms(model, s.neural);
    const int inputs = model.neural.n_inputs(model.shape);
    for (int k = 0; k < inputs; ++k) out[k] = o.x[k];
    for (int k = 0; k < model.neural.hidden; k += lanes) {
      const Vector a2 = ramp(load(o.z2 + k));
      for (int lane = 0; lane < lanes; ++lane) out[inputs + k + lane] = a2[lane];
    }
  }

  static void add(const Model& model, const Step& step, int i, Scratch<Number>& s,
                  Totals& totals, Number* forces) {
    const DescriptorShape& shape = model.shape;
    const NeuralShape& neural = model.neural;
    const int n_elements = shape.n_elements, h = neural.hidden, z = step.element[i];
    const int inputs = neural.n_inputs(shape);
    Vector energy = forward(model, step, i, s, totals);
    const Packed& packed = s.packed;
    Number *gx = s.gradient[0], *gy = s.gradient[1], *gz = s.gradient[2];
    const Number* w = model.weights + z * neural.size(shape);
    const Number* turned = model.transposed + z * neural.turned_size(shape, model.width);
    const Rooms o = rooms(model, s.neural);
    for (int k = 0; k < h; k += lanes) {
      const Vector z2 = load(o.z2 + k), w3 = load(w + neural.w3(shape) + k);
      energy += ramp(z2) * w3;
      store(o.bar2 + k, ramp_slope(z2) * w3);
    }
    totals.energy += model.bias[z] + w[neural.b3(shape)];
    for (int lane = 0; lane < lanes; ++lane) totals.energy += energy[lane];
    affine(o.bar2, h, turned + neural.turned_w2(shape, model.width), nullptr, h, o.bar1);
    for (int k = 0; k < h; k += lanes)
      store(o.bar1 + k, load(o.bar1 + k) * ramp_slope(load(o.z1 + k)));
    affine(o.bar1, h, turned + neural.turned_w1(shape, model.width), nullptr, inputs,
           o.x_bar);
    const int half = neural.products;
    for (int k = 0; k < half; k += lanes)
      for (int l = 0; l <= L; ++l) {
        const Vector bar = load(o.x_bar + l * half + k);
        for (int lm = l * l; lm < (l + 1) * (l + 1); ++lm) {
          const int u = k * LM + lm * lanes, v = half * LM + u;
          store(o.mixed_bar + u, bar * load(o.mixed + v));
          store(o.mixed_bar + v, bar * load(o.mixed + u));
        }
      }
    unmix(model, turned, packed, o.mixed_bar, s.derivative);
    typename P::Gathered own;
    const Number* two_bar = o.x_bar + neural.n_products(shape);
    for (int a = 0; a < n_elements; ++a) {
      if (packed.near[a].count > 0)
        D::back_propagate(model, packed.near[a], s, s.derivative + a * block);
      pull_two_body(model, a, two_bar + a * shape.n_two, s);
      const Run runs[] = {packed.near[a], packed.far[a]};
      for (const Run run : runs)
        P::scatter(packed, run, gx, gy, gz, own, forces);
    }
    own.add_to(totals, forces + 4 * static_cast<std::size_t>(i));
  }

  // How each neighbour moves relative to the centre, into s.gradient.
  static void move(const Tangent& tangent, int i, Run run, Scratch<Number>& s) {
    const Packed& packed = s.packed;
    const double *own = tangent.motion + 4 * static_cast<std::size_t>(i);
    for (int k = run.begin; k < run.begin + run.count; ++k) {
      const double* motion = tangent.motion + 4 * static_cast<std::size_t>(packed.atom[k]);
      const double r[3] = {packed.x[k], packed.y[k], packed.z[k]};
      for (int c = 0; c < 3; ++c) {
        double d = motion[c] - own[c];
        for (int b = 0; b < 3; ++b) d += r[b] * tangent.strain[3 * b + c];
        s.gradient[c][k] = static_cast<Number>(d);
      }
    }
    for (int k = run.begin + run.count; k < run.begin + P::round_up(run.count); ++k)
      for (int c = 0; c < 3; ++c) s.gradient[c][k] = 0;
  }

  static Vector speed(const Scratch<Number>& s, int at, const Vector& inverse) {
    return (load(s.packed.x + at) * load(s.gradient[0] + at) +
            load(s.packed.y + at) * load(s.gradient[1] + at) +
            load(s.packed.z + at) * load(s.gradient[2] + at)) *
           inverse;
  }

  // d/dt of the density of one element's neighbours; `expand` must have run on them.
  static void expand_motion(Run run, Scratch<Number>& s, Number* to) {
    constexpr int square = lanes * lanes;
    const Packed& packed = s.packed;
    for (int k = 0; k < run.count; k += lanes) {
      const int at = run.begin + k;
      const Vector inverse = 1 / load(packed.r + at), u = speed(s, at, inverse);
      Number* slope = s.slope + static_cast<std::size_t>(at) * padded;
      for (int n = 0; n < padded; ++n) store(slope + n * lanes, load(slope + n * lanes) * u);
      for (int v = 0; v < N; ++v)
        P::transpose(slope + v * square, s.moved_rows + k * padded + v * lanes, padded);
      Number* moved = s.moved_harmonics + k * LM;
      const Vector vx = load(s.gradient[0] + at), vy = load(s.gradient[1] + at),
                   vz = load(s.gradient[2] + at);
      each_harmonic<L>(load(packed.x + at) * inverse, load(packed.y + at) * inverse,
                       load(packed.z + at) * inverse,
                       [&](int l, int lm, const Vector& y, const Vector& dx,
                           const Vector& dy, const Vector& dz) {
                         store(moved + lm * lanes,
                               (dx * vx + dy * vy + dz * vz - static_cast<Number>(l) * y * u) *
                                   inverse);
                       });
    }
    for (int v = 0; v < N; ++v) {
      Vector a[LM] = {};
      for (int k = 0; k < run.count; ++k) {
        const Vector g = load(s.rows + k * padded + v * lanes);
        const Vector moved = load(s.moved_rows + k * padded + v * lanes);
        const int at = (k / lanes) * LM * lanes + k % lanes;
        const Number *y = s.harmonics + at, *y_moved = s.moved_harmonics + at;
#pragma GCC unroll 64
        for (int lm = 0; lm < LM; ++lm)
          a[lm] += y_moved[lm * lanes] * g + y[lm * lanes] * moved;
      }
      for (int lm = 0; lm < LM; ++lm) store(to + lm * padded + v * lanes, a[lm]);
    }
  }

  // d/dt of what `two_body` gives; it must have run on the same element.
  static void two_body_motion(const Model& model, int a, Scratch<Number>& s, Number* to) {
    const Packed& packed = s.packed;
    const int n_two = model.shape.n_two;
    Vector sum[max_two] = {};
    const Run runs[] = {packed.near[a], packed.far[a]};
    for (const Run run : runs)
      for (int k = run.begin; k < run.begin + run.count; k += lanes) {
        const Vector u = speed(s, k, 1 / load(packed.r + k));
        const Number* slopes = s.two_slope + static_cast<std::size_t>(k) * n_two;
        for (int n = 0; n < n_two; ++n) sum[n] += load(slopes + n * lanes) * u;
      }
    for (int n = 0; n < n_two; ++n) to[n] = total(sum[n]);
  }

  // Ū = q̄ V + q̇̄ V̇ and U̇̄ = q̇̄ V, and the same with U and V exchanged; then
  // P̄ = Σ_m Ū A + U̇̄ Ȧ.
  static void mix_gradient(const Model& model, const Packed& packed, const Rooms& now,
                           const Rooms& moved, const Scratch<Number>& s, Number* out) {
    const int half = model.neural.products, k_all = 2 * half;
    const int n_three = model.shape.n_three;
    for (int l = 0; l <= L; ++l)
      for (int k = 0; k < k_all; k += lanes) {
        const int other = k < half ? k + half : k - half, input = l * half + k % half;
        const Vector bar = load(now.x_bar + input), moved_bar = load(moved.x_bar + input);
        Vector u[2 * L + 1], u_moved[2 * L + 1];
        for (int m = 0; m < 2 * l + 1; ++m) {
          const int row = other * LM + (l * l + m) * lanes;
          const Vector v = load(now.mixed + row);
          u[m] = bar * v + moved_bar * load(moved.mixed + row);
          u_moved[m] = moved_bar * v;
        }
        for (int a = 0; a < model.shape.n_elements; ++a) {
          if (packed.near[a].count == 0) continue;
          for (int n = 0; n < n_three; ++n) {
            const int from = a * block + l * l * padded + n;
            Number* to =
                out + (static_cast<std::size_t>(l) * model.shape.n_channels() + a * n_three + n) *
                          k_all + k;
            Vector sum = load(to);
            for (int m = 0; m < 2 * l + 1; ++m)
              sum += s.density[from + m * padded] * u[m] +
                     s.moved_density[from + m * padded] * u_moved[m];
            store(to, sum);
          }
        }
      }
  }

  static void gradient(const Model& model, const Step& step, int i,
                       const Tangent& tangent, Scratch<Number>& s, Number* out) {
    const DescriptorShape& shape = model.shape;
    const NeuralShape& neural = model.neural;
    const int h = neural.hidden, inputs = neural.n_inputs(shape);
    P::pack(model, step, i, s.packed);
    const Packed& packed = s.packed;
    const int z = step.element[i];
    const Number* w = model.weights + z * neural.size(shape);
    const Number* turned = model.transposed + z * neural.turned_size(shape, model.width);
    out += z * neural.size(shape);
    const Rooms o = rooms(model, s.neural), d = rooms(model, o.end);
    const int two = neural.n_products(shape);
    for (int a = 0; a < shape.n_elements; ++a) {
      const Run near = packed.near[a];
      move(tangent, i, near, s), move(tangent, i, packed.far[a], s);
      two_body(model, a, s, o.x + two + a * shape.n_two);
      two_body_motion(model, a, s, d.x + two + a * shape.n_two);
      if (near.count == 0) continue;
      D::expand(model, near, s, s.density + a * block);
      expand_motion(near, s, s.moved_density + a * block);
    }
    mix(model, w, packed, s.density, o.mixed);
    mix(model, w, packed, s.moved_density, d.mixed);
    products(model, o.mixed, o.mixed, o.x);
    products(model, d.mixed, o.mixed, d.x);
    products(model, o.mixed, d.mixed, d.x_bar);  // its room is still free
    for (int k = 0; k < two; k += lanes)
      store(d.x + k, load(d.x + k) + load(d.x_bar + k));

    affine(o.x, inputs, w + neural.w1(shape), w + neural.b1(shape), h, o.z1);
    affine(d.x, inputs, w + neural.w1(shape), nullptr, h, d.z1);
    for (int k = 0; k < h; k += lanes) {
      const Vector z1 = load(o.z1 + k);
      store(o.a1 + k, ramp(z1)), store(d.a1 + k, ramp_slope(z1) * load(d.z1 + k));
    }
    affine(o.a1, h, w + neural.w2(shape), w + neural.b2(shape), h, o.z2);
    affine(d.a1, h, w + neural.w2(shape), nullptr, h, d.z2);
    const Number e = static_cast<Number>(tangent.energy);
    for (int k = 0; k < h; k += lanes) {
      const Vector z2 = load(o.z2 + k), moved = load(d.z2 + k), slope = ramp_slope(z2);
      const Vector w3 = load(w + neural.w3(shape) + k);
      Number* w3_bar = out + neural.w3(shape) + k;
      store(w3_bar, load(w3_bar) + e * ramp(z2) + slope * moved);
      store(o.bar2 + k, w3 * (e * slope + ramp_curvature(z2) * moved));
      store(d.bar2 + k, w3 * slope);
      Number* b2_bar = out + neural.b2(shape) + k;
      store(b2_bar, load(b2_bar) + load(o.bar2 + k));
    }
    out[neural.b3(shape)] += e;
    outer(o.a1, o.bar2, d.a1, d.bar2, h, h, out + neural.w2(shape));
    const Number* w2_turned = turned + neural.turned_w2(shape, model.width);
    affine(o.bar2, h, w2_turned, nullptr, h, o.bar1);
    affine(d.bar2, h, w2_turned, nullptr, h, d.bar1);
    for (int k = 0; k < h; k += lanes) {
      const Vector z1 = load(o.z1 + k), slope = ramp_slope(z1), bar = load(d.bar1 + k);
      store(o.bar1 + k,
            slope * load(o.bar1 + k) + ramp_curvature(z1) * load(d.z1 + k) * bar);
      store(d.bar1 + k, slope * bar);
      Number* b1_bar = out + neural.b1(shape) + k;
      store(b1_bar, load(b1_bar) + load(o.bar1 + k));
    }
    outer(o.x, o.bar1, d.x, d.bar1, inputs, h, out + neural.w1(shape));
    const Number* w1_turned = turned + neural.turned_w1(shape, model.width);
    affine(o.bar1, h, w1_turned, nullptr, inputs, o.x_bar);
    affine(d.bar1, h, w1_turned, nullptr, inputs, d.x_bar);
    mix_gradient(model, packed, o, d, s, out);
  }

  static constexpr int max_two = 40;
};

template <class Number, int L, int N>
struct Force {
  static constexpr CentreKernel<Number> value = NeuralCentre<Number, L, N>::add;
};
template <class Number, int L, int N>
struct Layers {
  static constexpr CentreLayers<Number> value = NeuralCentre<Number, L, N>::layers;
};
template <class Number, int L, int N>
struct Gradient {
  static constexpr CentreGradient<Number> value = NeuralCentre<Number, L, N>::gradient;
};

}  // namespace

template <class Number>
CentreKernel<Number> neural_kernel(const DescriptorShape& shape) {
  return choose<Number, Force, CentreKernel<Number>>(shape);
}
template <class Number>
CentreLayers<Number> neural_layers(const DescriptorShape& shape) {
  return choose<Number, Layers, CentreLayers<Number>>(shape);
}
template <class Number>
CentreGradient<Number> neural_gradient(const DescriptorShape& shape) {
  return choose<Number, Gradient, CentreGradient<Number>>(shape);
}

template CentreKernel<float> neural_kernel<float>(const DescriptorShape&);
template CentreKernel<double> neural_kernel<double>(const DescriptorShape&);
template CentreLayers<float> neural_layers<float>(const DescriptorShape&);
template CentreLayers<double> neural_layers<double>(const DescriptorShape&);
template CentreGradient<float> neural_gradient<float>(const DescriptorShape&);
template CentreGradient<double> neural_gradient<double>(const DescriptorShape&);

}  // namespace brine::BRINE_ISA
