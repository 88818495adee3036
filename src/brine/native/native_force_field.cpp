#include "native_force_field.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace brine {

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
  workspaces_.resize(std::max<std::size_t>(workspaces_.size(), n_threads));
  for (int t = 0; t < n_threads; ++t)
    Workspace<Number>::reserve(workspaces_[t], model_.view(), list_.most());
  partial_.resize(std::max<std::size_t>(partial_.size(), n_threads));
  std::vector<Totals> totals(n_threads);
  const CentreKernel<Number> add = model_.force();
#pragma omp parallel num_threads(n_threads)
  {
    const int thread = omp_get_thread_num();
    std::vector<Number>& mine = partial_[thread];
    mine.assign(4 * static_cast<std::size_t>(n), Number(0));
    Totals sum;
    // Dealt out in a fixed order: which thread adds what decides the last digits.
#pragma omp for schedule(static, 8)
    for (int i = 0; i < n; ++i)
      add(model_.view(), step, i, workspaces_[thread]->scratch, sum, mine.data());
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
