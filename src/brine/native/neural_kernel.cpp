// The neural readout of one centre: energy and forces. This file is compiled once per
// instruction set; BRINE_ISA names the namespace that keeps the copies apart.
#include "network.hpp"

namespace brine::BRINE_ISA {

namespace {

template <class Number, int L, int C>
struct NeuralCentre : Network<Number, L, C> {
  using D = Density<Number, L, C>;
  using P = Parts<Number>;
  using Net = Network<Number, L, C>;
  using D::block, D::LM, D::padded;
  using Net::affine, Net::forward, Net::pull_products, Net::ramp, Net::ramp_slope,
      Net::rooms;
  using P::lanes, P::load, P::store, P::total;
  using typename Net::Rooms;
  using typename P::Model;
  using typename P::Packed;
  using typename P::Run;
  using typename P::Vector;

  // ∂E/∂A_{αlm} = Σ_k mix_{αk} ∂E/∂(mixed)_{k,lm}
  static void unmix(const Model& model, const Number* turned, const Packed& packed,
                    const Number* mixed_bar, Number* derivative) {
    const int k_all = 2 * model.neural.products, width = model.width;
    const std::size_t of_l = static_cast<std::size_t>(k_all) * width;
    for (int v = 0; v < width; v += lanes) {
      if (D::none_near(model, packed, v)) continue;
      Vector sum[LM] = {};
      const Number* row = turned + v;
      for (int k = 0; k < k_all; k += lanes)
        for (int lane = 0; lane < lanes; ++lane, row += width)
          D::template add_rows<lanes>(mixed_bar + k * LM + lane, row, of_l, sum);
      for (int lm = 0; lm < LM; ++lm)
        D::store_channels(derivative + lm * padded, v, sum[lm]);
    }
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
    const int h = neural.hidden, inputs = neural.n_inputs(shape), z = step.element[i];
    Vector energy = forward(model, step, i, s, totals);
    const Number* w = model.weights + z * neural.stride(shape);
    const Number* turned =
        model.transposed + z * neural.turned_size(shape, model.width);
    const Rooms o = rooms(model, s.neural);
    for (int k = 0; k < h; k += lanes) {
      const Vector z2 = load(o.z2 + k), w3 = load(w + neural.w3(shape) + k);
      energy += ramp(z2) * w3;
      store(o.bar2 + k, ramp_slope(z2) * w3);
    }
    totals.energy += model.bias[z] + w[neural.b3(shape)];
    for (int lane = 0; lane < lanes; ++lane) totals.energy += energy[lane];
    affine(o.bar2, h, turned + neural.turned_w2(shape, model.width), nullptr, h,
           o.bar1);
    for (int k = 0; k < h; k += lanes)
      store(o.bar1 + k, load(o.bar1 + k) * ramp_slope(load(o.z1 + k)));
    affine(o.bar1, h, turned + neural.turned_w1(shape, model.width), nullptr, inputs,
           o.x_bar);
    pull_products(model, o.x_bar, o.mixed, o.mixed_bar);
    unmix(model, turned, s.packed, o.mixed_bar, s.derivative);
    const Number* two_bar = o.x_bar + neural.n_products(shape);
    for (int a = 0; a < shape.n_elements; ++a)
      pull_two_body(model, a, two_bar + a * shape.n_two, s);
    D::hand_back(model, i, s, totals, forces);
  }
};

template <class Number, int L, int C>
struct Force {
  static constexpr CentreKernel<Number> value = NeuralCentre<Number, L, C>::add;
};
template <class Number, int L, int C>
struct Layers {
  static constexpr CentreLayers<Number> value = NeuralCentre<Number, L, C>::layers;
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

template CentreKernel<float> neural_kernel<float>(const DescriptorShape&);
template CentreKernel<double> neural_kernel<double>(const DescriptorShape&);
template CentreLayers<float> neural_layers<float>(const DescriptorShape&);
template CentreLayers<double> neural_layers<double>(const DescriptorShape&);

}  // namespace brine::BRINE_ISA
