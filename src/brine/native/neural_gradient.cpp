// The gradient that trains the neural readout of one centre. This file is compiled once
// per instruction set; BRINE_ISA names the namespace that keeps the copies apart.
#include "network.hpp"

namespace brine::BRINE_ISA {

namespace {

template <class Number, int L, int C>
struct NeuralGradient : Network<Number, L, C> {
  using D = Density<Number, L, C>;
  using P = Parts<Number>;
  using Net = Network<Number, L, C>;
  using D::block, D::LM, D::padded, D::W;
  using Net::affine, Net::products, Net::mix, Net::ramp, Net::ramp_curvature,
      Net::ramp_slope, Net::rooms, Net::two_body, Net::max_two;
  using P::lanes, P::load, P::store, P::total;
  using typename D::Channels;
  using typename Net::Rooms;
  using typename P::Model;
  using typename P::Packed;
  using typename P::Run;
  using typename P::Vector;

  // rows W_i += x_i y + x'_i y'
  static void outer(const Number* x, const Number* y, const Number* x2,
                    const Number* y2, int n, int width, Number* w) {
    for (int i = 0; i < n; ++i, w += width)
      for (int v = 0; v < width; v += lanes)
        store(w + v, load(w + v) + x[i] * load(y + v) + x2[i] * load(y2 + v));
  }

  // How each neighbour moves relative to the centre, into s.gradient.
  static void move(const Tangent& tangent, int i, Run run, Scratch<Number>& s) {
    const Packed& packed = s.packed;
    const double* own = tangent.motion + 4 * static_cast<std::size_t>(i);
    for (int k = run.begin; k < run.begin + run.count; ++k) {
      const double* motion =
          tangent.motion + 4 * static_cast<std::size_t>(packed.atom[k]);
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
    const Packed& packed = s.packed;
    for (int k = 0; k < run.count; k += lanes) {
      const int at = run.begin + k;
      const Vector inverse = 1 / load(packed.r + at), u = speed(s, at, inverse);
      Number* slope = s.slope + static_cast<std::size_t>(at) * padded;
      for (int n = 0; n < padded; ++n)
        store(slope + n * lanes, load(slope + n * lanes) * u);
      for (int v = 0; v < padded; v += W)
        P::template transpose<W>(slope + v * lanes, s.moved_rows + k * padded + v,
                                 padded);
      Number* moved = s.moved_harmonics + k * LM;
      const Vector vx = load(s.gradient[0] + at), vy = load(s.gradient[1] + at),
                   vz = load(s.gradient[2] + at);
      each_harmonic<L>(load(packed.x + at) * inverse, load(packed.y + at) * inverse,
                       load(packed.z + at) * inverse,
                       [&](int l, int lm, const Vector& y, const Vector& dx,
                           const Vector& dy, const Vector& dz) {
                         store(moved + lm * lanes, (dx * vx + dy * vy + dz * vz -
                                                    static_cast<Number>(l) * y * u) *
                                                       inverse);
                       });
    }
    for (int v = 0; v < padded; v += W) {
      Channels a[LM] = {};
      for (int k = 0; k < run.count; ++k) {
        const Channels g = D::some(s.rows + k * padded + v);
        const Channels moved = D::some(s.moved_rows + k * padded + v);
        const int at = (k / lanes) * LM * lanes + k % lanes;
        const Number *y = s.harmonics + at, *y_moved = s.moved_harmonics + at;
#pragma GCC unroll 64
        for (int lm = 0; lm < LM; ++lm)
          a[lm] += y_moved[lm * lanes] * g + y[lm * lanes] * moved;
      }
      for (int lm = 0; lm < LM; ++lm) D::some(to + lm * padded + v) = a[lm];
    }
  }

  // d/dt of what `two_body` gives; it must have run on the same element.
  static void two_body_motion(const Model& model, int a, Scratch<Number>& s,
                              Number* to) {
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

  // d/dt of the products, J(mixed) d(mixed)/dt.
  static void products_motion(const Model& model, const Number* mixed,
                              const Number* moved, Number* x) {
    Net::clear(x, model.neural.n_products(model.shape));
    Net::each_product(
        model,
        [&](int to, int l, int u, int v) {
          Vector sum = {};
          for (int lm = l * l * lanes; lm < (l + 1) * (l + 1) * lanes; lm += lanes)
            sum += load(moved + u + lm) * load(mixed + v + lm) +
                   load(mixed + u + lm) * load(moved + v + lm);
          store(x + to, sum);
        },
        [&](int to, int a, int v, int u, const auto* term, const auto* end) {
          const Vector first = load(mixed + a);
          Vector sum = load(moved + a) * Net::pairs_of(mixed, v, u, term, end);
          for (; term < end; ++term) {
            const int b = v + term->second * lanes, c = u + term->third * lanes;
            sum +=
                term->factor * first *
                (load(moved + b) * load(mixed + c) + load(mixed + b) * load(moved + c));
          }
          Net::accumulate(x + to, sum);
        });
  }

  // mixed̄ += ∂/∂(mixed) of x̄·J(mixed) d(mixed)/dt.
  static void pull_curvature(const Model& model, const Number* bar, const Number* mixed,
                             const Number* moved, Number* mixed_bar) {
    Net::each_product(
        model,
        [&](int from, int l, int u, int v) {
          const Vector x_bar = load(bar + from);
          for (int lm = l * l * lanes; lm < (l + 1) * (l + 1) * lanes; lm += lanes) {
            Net::accumulate(mixed_bar + u + lm, x_bar * load(moved + v + lm));
            Net::accumulate(mixed_bar + v + lm, x_bar * load(moved + u + lm));
          }
        },
        [&](int from, int a, int v, int u, const auto* term, const auto* end) {
          const Vector x_bar = load(bar + from);
          Net::pull_pairs(x_bar * load(moved + a), mixed, v, u, term, end, mixed_bar);
          Net::pull_pairs(x_bar * load(mixed + a), moved, v, u, term, end, mixed_bar);
          for (; term < end; ++term) {
            const int b = v + term->second * lanes, c = u + term->third * lanes;
            Net::accumulate(mixed_bar + a, term->factor * x_bar *
                                               (load(moved + b) * load(mixed + c) +
                                                load(mixed + b) * load(moved + c)));
          }
        });
  }

  // What products hand back to mixes: P̄ = Σ_m Ū A + dU̅/dt dA/dt.
  static void mix_gradient(const Model& model, const Packed& packed, const Rooms& now,
                           const Rooms& moved, const Scratch<Number>& s, Number* out) {
    const int k_all = 2 * model.neural.products, n_three = model.shape.n_three;
    Net::pull_products(model, now.x_bar, now.mixed, now.mixed_bar);
    pull_curvature(model, moved.x_bar, now.mixed, moved.mixed, now.mixed_bar);
    Net::pull_products(model, moved.x_bar, now.mixed, moved.mixed_bar);
    for (int l = 0; l <= L; ++l)
      for (int k = 0; k < k_all; k += lanes) {
        const Number* u = now.mixed_bar + k * LM + l * l * lanes;
        const Number* u_moved = moved.mixed_bar + k * LM + l * l * lanes;
        for (int a = 0; a < model.shape.n_elements; ++a) {
          if (packed.near[a].count == 0) continue;
          for (int n = 0; n < n_three; ++n) {
            const int from = a * block + l * l * padded + n;
            Number* to = out +
                         (static_cast<std::size_t>(l) * model.shape.n_channels() +
                          a * n_three + n) *
                             k_all +
                         k;
            Vector sum = load(to);
            for (int m = 0; m < 2 * l + 1; ++m)
              sum += s.density[from + m * padded] * load(u + m * lanes) +
                     s.moved_density[from + m * padded] * load(u_moved + m * lanes);
            store(to, sum);
          }
        }
      }
  }

  // What the network reads, in `o`, and how it changes along the tangent, in `d`.
  static void read(const Model& model, const Number* w, int i, const Tangent& tangent,
                   const Rooms& o, const Rooms& d, Scratch<Number>& s) {
    const DescriptorShape& shape = model.shape;
    const Packed& packed = s.packed;
    const int two = model.neural.n_products(shape);
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
    products(model, o.mixed, o.x);
    products_motion(model, o.mixed, d.mixed, d.x);
  }

  // Up through the hidden layers.
  static void climb(const Model& model, const Number* w, const Rooms& o,
                    const Rooms& d) {
    const DescriptorShape& shape = model.shape;
    const NeuralShape& neural = model.neural;
    const int h = neural.hidden, inputs = neural.n_inputs(shape);
    affine(o.x, inputs, w + neural.w1(shape), w + neural.b1(shape), h, o.z1);
    affine(d.x, inputs, w + neural.w1(shape), nullptr, h, d.z1);
    for (int k = 0; k < h; k += lanes) {
      const Vector z1 = load(o.z1 + k);
      store(o.a1 + k, ramp(z1)), store(d.a1 + k, ramp_slope(z1) * load(d.z1 + k));
    }
    affine(o.a1, h, w + neural.w2(shape), w + neural.b2(shape), h, o.z2);
    affine(d.a1, h, w + neural.w2(shape), nullptr, h, d.z2);
  }

  // And back, to the inputs and to the gradient of the network's own weights.
  static void descend(const Model& model, const Number* w, const Number* turned,
                      Number e, const Rooms& o, const Rooms& d, Number* out) {
    const DescriptorShape& shape = model.shape;
    const NeuralShape& neural = model.neural;
    const int h = neural.hidden, inputs = neural.n_inputs(shape);
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
  }

  static void gradient(const Model& model, const Step& step, int i,
                       const Tangent& tangent, Scratch<Number>& s, Number* out) {
    const DescriptorShape& shape = model.shape;
    const NeuralShape& neural = model.neural;
    P::pack(model, step, i, s.packed);
    const int z = step.element[i];
    const Number* w = model.weights + z * neural.stride(shape);
    const Number* turned =
        model.transposed + z * neural.turned_size(shape, model.width);
    out += z * neural.stride(shape);
    const Rooms o = rooms(model, s.neural), d = rooms(model, o.end);
    read(model, w, i, tangent, o, d, s);
    climb(model, w, o, d);
    descend(model, w, turned, static_cast<Number>(tangent.energy), o, d, out);
    mix_gradient(model, s.packed, o, d, s, out);
  }
};

template <class Number, int L, int C>
struct Gradient {
  static constexpr CentreGradient<Number> value =
      NeuralGradient<Number, L, C>::gradient;
};

}  // namespace

template <class Number>
CentreGradient<Number> neural_gradient(const DescriptorShape& shape) {
  return choose<Number, Gradient, CentreGradient<Number>>(shape);
}

template CentreGradient<float> neural_gradient<float>(const DescriptorShape&);
template CentreGradient<double> neural_gradient<double>(const DescriptorShape&);

}  // namespace brine::BRINE_ISA
