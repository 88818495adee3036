// The linear readout of one centre. This file is compiled once per instruction set;
// BRINE_ISA names the namespace that keeps the copies apart.
#include "density.hpp"

namespace brine::BRINE_ISA {

namespace {

template <class Number, int L, int C>
struct LinearCentre : Density<Number, L, C> {
  using D = Density<Number, L, C>;
  using P = Parts<Number>;
  using D::block, D::LM, D::padded;
  using P::lanes, P::load, P::store;
  using typename P::Model;
  using typename P::Packed;
  using typename P::Run;
  using typename P::Vector;

  // ∂E/∂A = S·A for each l, elements without neighbours skipped; returns A·S·A by
  // channel.
  static Vector quadratic_form(const Model& model, int centre,
                               const Scratch<Number>& s) {
    const int width = model.width, n_elements = model.shape.n_elements;
    const std::size_t square = static_cast<std::size_t>(width) * width;
    const Number* matrix = model.quadratic + centre * (L + 1) * square;
    Vector energy = {};
    for (int v = 0; v < width; v += lanes) {
      if (D::none_near(model, s.packed, v)) continue;
      Vector sum[LM] = {};
      for (int b = 0; b < n_elements; ++b) {
        if (s.packed.near[b].count == 0) continue;
        const Number* row = matrix + static_cast<std::size_t>(b) * padded * width + v;
        for (int n = 0; n < model.shape.n_three; ++n, row += width)
          D::template add_rows<padded>(s.density + b * block + n, row, square, sum);
      }
      for (int lm = 0; lm < LM; ++lm) {
        energy += sum[lm] * D::load_channels(s.density + lm * padded, v);
        D::store_channels(s.derivative + lm * padded, v, sum[lm]);
      }
    }
    return energy;
  }

  static void add(const Model& model, const Step& step, int i, Scratch<Number>& s,
                  Totals& totals, Number* forces) {
    Vector energy = D::gather(model, step, i, s, totals);
    energy += quadratic_form(model, step.element[i], s) * Number(0.5);
    totals.energy += model.bias[step.element[i]];
    for (int lane = 0; lane < lanes; ++lane) totals.energy += energy[lane];
    D::hand_back(model, i, s, totals, forces);
  }
};

template <class Number, int L, int C>
struct Force {
  static constexpr CentreKernel<Number> value = LinearCentre<Number, L, C>::add;
};

}  // namespace

template <class Number>
CentreKernel<Number> linear_kernel(const DescriptorShape& shape) {
  return choose<Number, Force, CentreKernel<Number>>(shape);
}

template CentreKernel<float> linear_kernel<float>(const DescriptorShape&);
template CentreKernel<double> linear_kernel<double>(const DescriptorShape&);

}  // namespace brine::BRINE_ISA
