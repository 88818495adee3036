#include "neural_trainer.hpp"

#include <omp.h>

#include <algorithm>
#include <utility>

namespace brine {

namespace {
constexpr int atoms_of_share = 48;
}

template <class Number>
NeuralTrainer<Number>::NeuralTrainer(const NeuralModel& model, int threads)
    : model_(model), threads_(threads > 0 ? threads : omp_get_max_threads()) {}

template <class Number>
std::size_t NeuralTrainer<Number>::n_weights() const {
  const KernelModel<Number>& m = model_.view();
  return m.shape.n_elements * m.neural.size(m.shape);
}

template <class Number>
void NeuralTrainer<Number>::add_frame(std::vector<int> element,
                                      std::vector<double> positions, const Cell& cell) {
  const KernelModel<Number>& m = model_.view();
  lists_.emplace_back(std::move(element), m.shape.n_elements, m.reach, 0.0, 1);
  steps_.push_back(lists_.back().at(positions.data(), cell));
  most_ = std::max(most_, lists_.back().most());
}

template <class Number>
auto NeuralTrainer<Number>::shares(const std::vector<int>& frames)
    -> std::vector<Share> {
  std::vector<Share> shares;
  for (std::size_t k = 0; k < frames.size(); ++k)
    for (int begin = 0, n = n_atoms(frames[k]); begin < n; begin += atoms_of_share)
      shares.push_back(
          {static_cast<int>(k), begin, std::min(n, begin + atoms_of_share)});
  return shares;
}

template <class Number>
int NeuralTrainer<Number>::prepare(const double* weights, std::size_t n_shares) {
  model_.set_weights(weights);
  const int n_threads = std::min<int>(threads_, static_cast<int>(n_shares));
  workspaces_.resize(std::max<std::size_t>(workspaces_.size(), n_threads));
  for (int t = 0; t < n_threads; ++t)
    Workspace<Number>::reserve(workspaces_[t], model_.view(), most_);
  return n_threads;
}

template <class Number>
void NeuralTrainer<Number>::evaluate(const double* weights,
                                     const std::vector<int>& frames, double* energy,
                                     double* forces, double* virial) {
  const std::vector<Share> todo = shares(frames);
  const int n_shares = static_cast<int>(todo.size());
  const int n_threads = prepare(weights, todo.size());
  std::vector<Totals> totals(todo.size());
  std::vector<std::vector<Number>> partial(todo.size());
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
  for (int k = 0; k < n_shares; ++k) {
    const int frame = frames[todo[k].frame];
    partial[k].assign(4 * static_cast<std::size_t>(n_atoms(frame)), Number(0));
    Scratch<Number>& scratch = workspaces_[omp_get_thread_num()]->scratch;
    for (int i = todo[k].begin; i < todo[k].end; ++i)
      model_.force()(model_.view(), steps_[frame], i, scratch, totals[k],
                     partial[k].data());
  }
  std::vector<std::size_t> first(frames.size() + 1, 0);
  for (std::size_t k = 0; k < frames.size(); ++k)
    first[k + 1] = first[k] + 3 * static_cast<std::size_t>(n_atoms(frames[k]));
  std::fill(energy, energy + frames.size(), 0.0);
  std::fill(forces, forces + first.back(), 0.0);
  std::fill(virial, virial + 9 * frames.size(), 0.0);
  for (int k = 0; k < n_shares; ++k) {
    const int f = todo[k].frame;
    energy[f] += totals[k].energy;
    for (int c = 0; c < 9; ++c) virial[9 * f + c] += totals[k].virial[c];
    double* to = forces + first[f];
    for (std::size_t i = 0; i < partial[k].size() / 4; ++i)
      for (int c = 0; c < 3; ++c) to[3 * i + c] += partial[k][4 * i + c];
  }
}

template <class Number>
std::size_t NeuralTrainer<Number>::n_layers() const {
  const KernelModel<Number>& m = model_.view();
  return m.neural.n_inputs(m.shape) + m.neural.hidden;
}

template <class Number>
void NeuralTrainer<Number>::layers(const double* weights,
                                   const std::vector<int>& frames, double* out) {
  prepare(weights, 1);
  for (const int frame : frames)
    for (int i = 0; i < n_atoms(frame); ++i, out += n_layers())
      model_.layers()(model_.view(), steps_[frame], i, workspaces_[0]->scratch, out);
}

template <class Number>
void NeuralTrainer<Number>::gradient(const double* weights,
                                     const std::vector<int>& frames,
                                     const double* energy, const double* motion,
                                     const double* strain, double* out) {
  const std::vector<Share> todo = shares(frames);
  const int n_shares = static_cast<int>(todo.size());
  const int n_threads = prepare(weights, todo.size());
  std::vector<Tangent> tangents(frames.size());
  std::vector<std::vector<double>> moves(frames.size());
  for (std::size_t k = 0; k < frames.size(); ++k) {
    const std::size_t n = n_atoms(frames[k]);
    moves[k].assign(4 * n, 0.0);
    for (std::size_t i = 0; i < n; ++i)
      for (int c = 0; c < 3; ++c) moves[k][4 * i + c] = *motion++;
    tangents[k].energy = energy[k];
    tangents[k].motion = moves[k].data();
    std::copy(strain + 9 * k, strain + 9 * k + 9, tangents[k].strain);
  }
  const KernelModel<Number>& m = model_.view();
  const std::size_t size = m.neural.size(m.shape), stride = m.neural.stride(m.shape);
  std::vector<AlignedVector<Number>> partial(todo.size());
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
  for (int k = 0; k < n_shares; ++k) {
    const Step& step = steps_[frames[todo[k].frame]];
    partial[k].assign(m.shape.n_elements * stride, Number(0));
    Scratch<Number>& scratch = workspaces_[omp_get_thread_num()]->scratch;
    for (int i = todo[k].begin; i < todo[k].end; ++i)
      model_.gradient()(model_.view(), step, i, tangents[todo[k].frame], scratch,
                        partial[k].data());
  }
  std::fill(out, out + n_weights(), 0.0);
  for (const AlignedVector<Number>& part : partial)
    for (int z = 0; z < m.shape.n_elements; ++z)
      for (std::size_t k = 0; k < size; ++k) out[z * size + k] += part[z * stride + k];
}

template class NeuralTrainer<float>;
template class NeuralTrainer<double>;

}  // namespace brine
