#include "native_force_field.hpp"

#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <stdexcept>

#include "linear_kernel.hpp"

namespace brine {

CentreKernel centre_kernel(const DescriptorShape& shape) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
    return avx512::kernel(shape);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return avx2::kernel(shape);
#endif
  return portable::kernel(shape);
}

struct Workspace {
  Workspace(const LinearModel& model, int entries) : room(entries) {
    const int n_elements = model.shape.n_elements, lm = model.shape.n_harmonics();
    const std::size_t size = entries, padded = model.padded();
    const std::size_t lengths[] = {size,
                                   size,
                                   size,
                                   size,
                                   size,
                                   size,
                                   size,
                                   size * padded,
                                   size * padded,
                                   size * padded,
                                   size * lm,
                                   static_cast<std::size_t>(lm) * model.width(),
                                   static_cast<std::size_t>(lm) * model.width()};
    std::size_t total = 0;
    for (std::size_t length : lengths) total += length;
    numbers.assign(total, 0.0);
    atoms.resize(size);
    runs.resize(2 * static_cast<std::size_t>(n_elements));
    double* at = numbers.data();
    double** places[] = {
        &scratch.packed.x,    &scratch.packed.y,    &scratch.packed.z,
        &scratch.packed.r,    &scratch.gradient[0], &scratch.gradient[1],
        &scratch.gradient[2], &scratch.g,           &scratch.slope,
        &scratch.rows,        &scratch.harmonics,   &scratch.density,
        &scratch.derivative};
    for (int k = 0; k < 13; ++k) *places[k] = at, at += lengths[k];
    scratch.packed.atom = atoms.data();
    scratch.packed.near = runs.data();
    scratch.packed.far = runs.data() + n_elements;
  }

  int room;
  std::vector<double> numbers;
  std::vector<int> atoms;
  std::vector<PackedNeighbours::Run> runs;
  Scratch scratch{};
};

NativeForceField::NativeForceField(std::shared_ptr<const LinearModel> model,
                                   std::vector<int> element, double skin, int threads)
    : model_(std::move(model)),
      element_(std::move(element)),
      skin_(skin),
      threads_(threads),
      kernel_(centre_kernel(model_->shape)) {
  if (!kernel_) throw std::invalid_argument("no kernel for this descriptor");
}

bool NativeForceField::list_holds(const double* positions, const Cell& cell) const {
  if (listed_.empty()) return false;
  // A homogeneous deformation of the cell carries the atoms along and would use the
  // skin up at once, so what counts is the motion relative to it: with the list's
  // cell H and today's H', r = s·H'. Distances shrink at most by the least stretch.
  for (int d = 0; d < 3; ++d)
    if (cell.periodic[d] != listed_cell_.periodic[d]) return false;
  double stretch[3] = {1, 1, 1};
  bool same = true;
  for (int d = 0; d < 3; ++d)
    for (int k = 0; k < 3; ++k)
      same = same && cell.rows[d][k] == listed_cell_.rows[d][k];
  if (!same) {
    // Only isotropic changes are followed; any other rebuilds the list.
    double ratio = 0;
    for (int d = 0; d < 3 && ratio == 0; ++d)
      for (int k = 0; k < 3; ++k)
        if (listed_cell_.rows[d][k] != 0) {
          ratio = cell.rows[d][k] / listed_cell_.rows[d][k];
          break;
        }
    for (int d = 0; d < 3; ++d)
      for (int k = 0; k < 3; ++k)
        if (std::abs(cell.rows[d][k] - ratio * listed_cell_.rows[d][k]) > 1e-9)
          return false;
    for (double& value : stretch) value = ratio;
  }
  // Pairs outside the list were farther apart than reach + skin; today they are
  // farther than ratio·(reach + skin) − 2·displacement.
  const double reach = model_->reach();
  const double slack = std::min(1.0, stretch[0]) * (reach + skin_) - reach;
  if (slack <= 0) return false;
  const double limit = 0.25 * slack * slack;
  for (std::size_t i = 0; i < listed_.size(); i += 3) {
    double moved = 0;
    for (int k = 0; k < 3; ++k) {
      const double d = positions[i + k] - stretch[k] * listed_[i + k];
      moved += d * d;
    }
    if (moved > limit) return false;
  }
  return true;
}

void NativeForceField::rebuild(const double* positions, const Cell& cell) {
  const int n = static_cast<int>(element_.size());
  const int n_elements = model_->shape.n_elements;
  const NeighbourList list = neighbours(n, positions, cell, model_->reach() + skin_);
  first_.assign(static_cast<std::size_t>(n) * n_elements + 1, 0);
  atom_.resize(list.atom.size()), image_.resize(list.atom.size());
  shifts_.clear();
  std::map<std::array<int, 3>, int> known;
  std::vector<int> at(n_elements);
  int most = 0;
  for (int i = 0; i < n; ++i) {
    int* first = &first_[static_cast<std::size_t>(i) * n_elements];
    std::fill(at.begin(), at.end(), 0);
    most = std::max(most, list.first[i + 1] - list.first[i]);
    for (int k = list.first[i]; k < list.first[i + 1]; ++k)
      ++at[element_[list.atom[k]]];
    int place = list.first[i];
    for (int a = 0; a < n_elements; ++a) {
      first[a] = place;
      place += at[a];
      at[a] = first[a];
    }
    first[n_elements] = place;
    for (int k = list.first[i]; k < list.first[i + 1]; ++k) {
      const int* s = &list.shift[3 * static_cast<std::size_t>(k)];
      const auto [found, added] =
          known.try_emplace({s[0], s[1], s[2]}, static_cast<int>(known.size()));
      if (added) shifts_.insert(shifts_.end(), s, s + 3);
      const int to = at[element_[list.atom[k]]]++;
      atom_[to] = list.atom[k], image_[to] = found->second;
    }
  }
  // Each element's near and far runs may take all of its neighbours, padded.
  room_ = 2 * (most + 2 * lanes * n_elements);
  listed_.assign(positions, positions + 3 * static_cast<std::size_t>(n));
  listed_cell_ = cell;
}

void NativeForceField::translate(const Cell& cell) {
  translations_.resize(shifts_.size());
  for (std::size_t t = 0; t < shifts_.size(); t += 3)
    for (int k = 0; k < 3; ++k)
      translations_[t + k] = shifts_[t] * cell.rows[0][k] +
                             shifts_[t + 1] * cell.rows[1][k] +
                             shifts_[t + 2] * cell.rows[2][k];
}

void NativeForceField::compute(int n, const double* positions, const Cell& cell,
                               double& energy, double* forces, double virial[9]) {
  if (n != static_cast<int>(element_.size()))
    throw std::invalid_argument("the force field was made for another number of atoms");
  for (int i = 0; i < 3 * n; ++i)
    if (!std::isfinite(positions[i])) {
      energy = std::nan("");
      std::fill(forces, forces + 3 * static_cast<std::size_t>(n), std::nan(""));
      std::fill(virial, virial + 9, std::nan(""));
      return;
    }
  if (!list_holds(positions, cell)) rebuild(positions, cell);
  translate(cell);
  const Step step{positions,     element_.data(), translations_.data(),
                  first_.data(), atom_.data(),    image_.data()};
  const int n_threads =
      std::max(1, std::min(threads_ > 0 ? threads_ : omp_get_max_threads(), n / 16));
  workspaces_.resize(std::max<std::size_t>(workspaces_.size(), n_threads));
  for (int t = 0; t < n_threads; ++t)
    if (!workspaces_[t] || workspaces_[t]->room < room_)
      workspaces_[t] = std::make_shared<Workspace>(*model_, room_ + room_ / 4);
  partial_.resize(std::max<std::size_t>(partial_.size(), n_threads));
  std::vector<Totals> totals(n_threads);
#pragma omp parallel num_threads(n_threads)
  {
    const int thread = omp_get_thread_num();
    std::vector<double>& mine = partial_[thread];
    mine.assign(3 * static_cast<std::size_t>(n), 0.0);
    Totals sum;
    // Dealt out in a fixed order: which thread adds what decides the last digits.
#pragma omp for schedule(static, 8)
    for (int i = 0; i < n; ++i)
      kernel_(*model_, step, i, workspaces_[thread]->scratch, sum, mine.data());
    totals[thread] = sum;
#pragma omp for schedule(static)
    for (int k = 0; k < 3 * n; ++k) {
      double f = 0;
      for (int t = 0; t < n_threads; ++t) f += partial_[t][k];
      forces[k] = f;
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

}  // namespace brine
