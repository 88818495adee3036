// Energies and forces of labelled frames, and the gradient of a loss on them with
// respect to the weights of the neural readout.
//
// A loss L(E, F, W) of one frame has the gradient
//   dL/dθ = ∂/∂θ (e·E + dE/dt),  ẋ = −dL/dF,  ṙ = r·strain,
// one pass forward along a tangent and one back, whatever the number of forces.
#pragma once

#include <memory>
#include <vector>

#include "packed_model.hpp"
#include "verlet_list.hpp"

namespace brine {

template <class Number>
class NeuralTrainer {
 public:
  // 0 threads means all there are; their number does not change a bit.
  NeuralTrainer(const NeuralModel& model, int threads);

  // Frames are numbered from 0 in the order of arrival.
  void add_frame(std::vector<int> element, std::vector<double> positions,
                 const Cell& cell);
  int n_atoms(int frame) const { return lists_[frame].size(); }
  std::size_t n_weights() const;

  // Energies [frame] in eV, forces [frame][atom][3] in eV/Å and virials [frame][9].
  void evaluate(const double* weights, const std::vector<int>& frames, double* energy,
                double* forces, double* virial);

  // What the network reads, then its second hidden layer, [frame][atom][n_layers()].
  void layers(const double* weights, const std::vector<int>& frames, double* out);
  std::size_t n_layers() const;

  // `energy` is e, [frame]; `motion` is ẋ, [frame][atom][3]; strain [frame][9].
  void gradient(const double* weights, const std::vector<int>& frames,
                const double* energy, const double* motion, const double* strain,
                double* out);

 private:
  // Atoms of a frame from `begin` to `end`: what one thread does at a time.
  struct Share {
    int frame, begin, end;
  };
  std::vector<Share> shares(const std::vector<int>& frames);
  int prepare(const double* weights, std::size_t n_shares);

  PackedModel<Number> model_;
  int threads_, most_ = 0;
  std::vector<VerletList> lists_;  // [frame]
  std::vector<Step> steps_;        // [frame], views of the lists
  std::vector<std::unique_ptr<Workspace<Number>>> workspaces_;
};

extern template class NeuralTrainer<float>;
extern template class NeuralTrainer<double>;

}  // namespace brine
