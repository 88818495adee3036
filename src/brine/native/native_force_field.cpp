#include "native_force_field.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace brine {

namespace {

template <class Number>
CentreKernel<Number> centre_kernel(const DescriptorShape& shape) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
    return avx512::kernel<Number>(shape);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return avx2::kernel<Number>(shape);
#endif
  return portable::kernel<Number>(shape);
}

}  // namespace

template <class Number>
struct NativeForceField<Number>::Workspace {
  Workspace(const KernelModel<Number>& model, int entries) : room(entries) {
    const int n_elements = model.shape.n_elements, lm = model.shape.n_harmonics();
    const std::size_t size = entries;
    const std::size_t of_channels = size * model.padded, of_harmonics = size * lm;
    const std::size_t of_density = static_cast<std::size_t>(lm) * model.width;
    PackedNeighbours<Number>& packed = scratch.packed;
    const std::pair<Number**, std::size_t> parts[] = {
        {&packed.places, 4 * size},
        {&packed.x, size},
        {&packed.y, size},
        {&packed.z, size},
        {&packed.r, size},
        {&scratch.gradient[0], size},
        {&scratch.gradient[1], size},
        {&scratch.gradient[2], size},
        {&scratch.g, of_channels},
        {&scratch.slope, of_channels},
        {&scratch.rows, of_channels},
        {&scratch.harmonics, of_harmonics},
        {&scratch.density, of_density},
        {&scratch.derivative, of_density}};
    std::size_t total = 0;
    for (const auto& [place, length] : parts) total += length;
    numbers.assign(total, Number(0));
    Number* at = numbers.data();
    for (const auto& [place, length] : parts) *place = at, at += length;
    atoms.resize(size);
    runs.resize(2 * static_cast<std::size_t>(n_elements));
    packed.atom = atoms.data();
    packed.near = runs.data();
    packed.far = runs.data() + n_elements;
  }

  int room;
  std::vector<Number> numbers;
  std::vector<int> atoms;
  std::vector<typename PackedNeighbours<Number>::Run> runs;
  Scratch<Number> scratch{};
};

template <class Number>
NativeForceField<Number>::NativeForceField(const LinearModel& model,
                                           std::vector<int> element, double skin,
                                           int threads)
    : list_(std::move(element), model.shape.n_elements, model.reach(), skin),
      tables_(model.tables.begin(), model.tables.end()),
      bias_(model.bias),
      shortest_(model.shortest),
      threads_(threads),
      kernel_(centre_kernel<Number>(model.shape)) {
  if (!kernel_) throw std::invalid_argument("no kernel for this descriptor");
  const std::size_t E = model.shape.n_elements, N = model.shape.n_three;
  const std::size_t L = model.shape.l_max + 1, C = E * N;
  const std::size_t padded = (N + lanes<Number> - 1) / lanes<Number> * lanes<Number>;
  const std::size_t width = E * padded;
  quadratic_.assign(E * L * width * width, Number(0));
  for (std::size_t zl = 0; zl < E * L; ++zl)
    for (std::size_t a = 0; a < C; ++a)
      for (std::size_t b = 0; b < C; ++b)
        quadratic_[(zl * width + a / N * padded + a % N) * width + b / N * padded +
                   b % N] = static_cast<Number>(model.quadratic[(zl * C + a) * C + b]);
  model_ = {model.shape,
            static_cast<int>(padded),
            static_cast<int>(width),
            static_cast<Number>(model.reach()),
            bias_.data(),
            static_cast<Number>(model.start),
            static_cast<Number>(model.step),
            model.n_intervals,
            tables_.data(),
            quadratic_.data(),
            shortest_.data()};
}

template <class Number>
void NativeForceField<Number>::compute(int n, const double* positions, const Cell& cell,
                                       double& energy, double* forces,
                                       double virial[9]) {
  if (n != list_.size())
    throw std::invalid_argument("the force field was made for another number of atoms");
  for (int i = 0; i < 3 * n; ++i)
    if (!std::isfinite(positions[i])) {
      energy = std::nan("");
      std::fill(forces, forces + 3 * static_cast<std::size_t>(n), std::nan(""));
      std::fill(virial, virial + 9, std::nan(""));
      return;
    }
  const Step step = list_.at(positions, cell);
  const int n_threads =
      std::max(1, std::min(threads_ > 0 ? threads_ : omp_get_max_threads(), n / 16));
  // Each element's near and far runs may take all of its neighbours, padded.
  const int room = 2 * (list_.most() + 2 * lanes<Number> * model_.shape.n_elements);
  workspaces_.resize(std::max<std::size_t>(workspaces_.size(), n_threads));
  for (int t = 0; t < n_threads; ++t)
    if (!workspaces_[t] || workspaces_[t]->room < room)
      workspaces_[t] = std::make_shared<Workspace>(model_, room + room / 4);
  partial_.resize(std::max<std::size_t>(partial_.size(), n_threads));
  std::vector<Totals> totals(n_threads);
#pragma omp parallel num_threads(n_threads)
  {
    const int thread = omp_get_thread_num();
    std::vector<double>& mine = partial_[thread];
    mine.assign(4 * static_cast<std::size_t>(n), 0.0);
    Totals sum;
    // Dealt out in a fixed order: which thread adds what decides the last digits.
#pragma omp for schedule(static, 8)
    for (int i = 0; i < n; ++i)
      kernel_(model_, step, i, workspaces_[thread]->scratch, sum, mine.data());
    totals[thread] = sum;
#pragma omp for schedule(static)
    for (int i = 0; i < n; ++i)
      for (int k = 0; k < 3; ++k) {
        double f = 0;
        for (int t = 0; t < n_threads; ++t) f += partial_[t][4 * i + k];
        forces[3 * i + k] = f;
      }
  }
  energy = 0, margin_ = 1e300;
  std::fill(virial, virial + 9, 0.0);
  for (const Totals& t : totals) {
    energy += t.energy;
    margin_ = std::min(margin_, t.margin);
    for (int c = 0; c < 9; ++c) virial[c] += t.virial[c];
  }
}

template class NativeForceField<float>;
template class NativeForceField<double>;

}  // namespace brine
