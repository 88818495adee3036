// The linear readout of one centre. This file is compiled once per instruction set;
// BRINE_ISA names the namespace that keeps the copies apart.
#include "density.hpp"

namespace brine::BRINE_ISA {

namespace {

template <class Number, int L, int N>
struct LinearCentre : Density<Number, L, N> {
  using D = Density<Number, L, N>;
  using P = Parts<Number>;
  using P::lanes, P::load, P::store;
  using D::block, D::LM, D::padded;
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
      if (s.packed.near[v / padded].count == 0) continue;
      Vector sum[LM] = {};
      for (int b = 0; b < n_elements; ++b) {
        if (s.packed.near[b].count == 0) continue;
        const Number* row = matrix + static_cast<std::size_t>(b) * padded * width + v;
        for (int n = 0; n < model.shape.n_three; ++n, row += width)
          D::template add_rows<padded>(s.density + b * block + n, row, square, sum);
      }
      const int at = v / padded * block + v % padded;
      for (int lm = 0; lm < LM; ++lm) {
        energy += sum[lm] * load(s.density + at + lm * padded);
        store(s.derivative + at + lm * padded, sum[lm]);
      }
    }
    return energy;
  }

  static void add(const Model& model, const Step& step, int i, Scratch<Number>& s,
                  Totals& totals, Number* forces) {
    const int n_elements = model.shape.n_elements;
    P::pack(model, step, i, s.packed);
    const Packed& packed = s.packed;
    Number *gx = s.gradient[0], *gy = s.gradient[1], *gz = s.gradient[2];
    const int z = step.element[i];
    const std::size_t table = static_cast<std::size_t>(model.n_intervals) * 6;
    Vector energy = {};
    for (int a = 0; a < n_elements; ++a) {
      const int pair = z * n_elements + a;
      const Run runs[] = {packed.near[a], packed.far[a]}, near = runs[0];
      for (const Run run : runs)
        energy += P::pair_run(model, model.tables + pair * table, model.shortest[pair],
                              run, packed, gx, gy, gz, totals.margin);
      if (near.count > 0) D::expand(model, near, s, s.density + a * block);
    }
    energy += quadratic_form(model, z, s) * Number(0.5);
    totals.energy += model.bias[z];
    for (int lane = 0; lane < lanes; ++lane) totals.energy += energy[lane];
    typename P::Gathered own;
    for (int a = 0; a < n_elements; ++a) {
      if (packed.near[a].count > 0)
        D::back_propagate(model, packed.near[a], s, s.derivative + a * block);
      const Run runs[] = {packed.near[a], packed.far[a]};
      for (const Run run : runs)
        P::scatter(packed, run, gx, gy, gz, own, forces);
    }
    own.add_to(totals, forces + 4 * static_cast<std::size_t>(i));
  }
};

template <class Number, int L, int N>
struct Force {
  static constexpr CentreKernel<Number> value = LinearCentre<Number, L, N>::add;
};

}  // namespace

template <class Number>
CentreKernel<Number> linear_kernel(const DescriptorShape& shape) {
  return choose<Number, Force, CentreKernel<Number>>(shape);
}

template CentreKernel<float> linear_kernel<float>(const DescriptorShape&);
template CentreKernel<double> linear_kernel<double>(const DescriptorShape&);

}  // namespace brine::BRINE_ISA
