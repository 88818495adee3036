#include "native_force_field.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace brine {

namespace {

constexpr int atoms_of_a_piece = 32, most_pieces = 32;

}  // namespace

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
  const int n_pieces = std::clamp(n / atoms_of_a_piece, 1, most_pieces);
  const int n_threads =
      std::min(threads_ > 0 ? threads_ : omp_get_max_threads(), n_pieces);
  workspaces_.resize(std::max<std::size_t>(workspaces_.size(), n_threads));
  for (int t = 0; t < n_threads; ++t)
    Workspace<Number>::reserve(workspaces_[t], model_.view(), list_.most());
  partial_.resize(n_pieces);
  std::vector<Totals> totals(n_pieces);
  const auto first_of = [&](int piece) {
    return static_cast<int>(static_cast<long long>(n) * piece / n_pieces);
  };
#pragma omp parallel num_threads(n_threads)
  {
    Scratch<Number>& scratch = workspaces_[omp_get_thread_num()]->scratch;
    // To whoever is free: each piece has sums of its own, which are added in order.
#pragma omp for schedule(dynamic)
    for (int piece = 0; piece < n_pieces; ++piece) {
      partial_[piece].assign(4 * static_cast<std::size_t>(n), Number(0));
      totals[piece] = add_piece(step, first_of(piece), first_of(piece + 1), scratch,
                                partial_[piece].data());
    }
#pragma omp for schedule(static)
    for (int i = 0; i < n; ++i)
      for (int k = 0; k < 3; ++k) {
        double f = 0;
        for (int piece = 0; piece < n_pieces; ++piece) f += partial_[piece][4 * i + k];
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

// Element by element: the weights of one fit the innermost cache, of all they do not.
// Atoms close to each other follow each other: their neighbours are still in the cache.
template <class Number>
Totals NativeForceField<Number>::add_piece(const Step& step, int first, int end,
                                           Scratch<Number>& scratch,
                                           Number* forces) const {
  const CentreKernel<Number> add = model_.force();
  Totals own, others;
  for (int k = first; k < end; ++k) {
    const int centre = step.order[k];
    if (centre < n_own_)
      add(model_.view(), step, centre, scratch, own, forces);
    else if (near_own(step, centre))
      add(model_.view(), step, centre, scratch, others, forces);
  }
  return own;
}

template <class Number>
bool NativeForceField<Number>::near_own(const Step& step, int centre) const {
  const int n_elements = model_.view().shape.n_elements;
  const int* begin = step.atom + step.first[centre * n_elements];
  const int* end = step.atom + step.first[(centre + 1) * n_elements];
  return std::any_of(begin, end, [this](int atom) { return atom < n_own_; });
}

template class NativeForceField<float>;
template class NativeForceField<double>;

}  // namespace brine
