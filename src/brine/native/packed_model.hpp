// A model in the precision and the layout that the kernels want, and a thread's memory.
#pragma once

#include <memory>
#include <vector>

#include "aligned.hpp"
#include "kernel.hpp"
#include "models.hpp"

namespace brine {

template <class Number>
class PackedModel {
 public:
  explicit PackedModel(const LinearModel& model);
  explicit PackedModel(const NeuralModel& model);
  PackedModel(const PackedModel&) = delete;

  // New weights of a neural model, [centre] as its shape lays them out.
  void set_weights(const double* weights);

  const KernelModel<Number>& view() const { return view_; }
  CentreKernel<Number> force() const { return force_; }
  CentreLayers<Number> layers() const { return layers_; }
  CentreGradient<Number> gradient() const { return gradient_; }

 private:
  void pack(const DescriptorShape& shape, const PairTables& tables);

  std::vector<double> bias_, shortest_;
  std::vector<Coupling<Number>> couplings_;
  std::vector<CouplingRow> rows_;
  std::vector<Number> tables_, walls_;
  AlignedVector<Number> matrices_, turned_;
  KernelModel<Number> view_{};  // of the vectors above
  CentreKernel<Number> force_ = nullptr;
  CentreLayers<Number> layers_ = nullptr;
  CentreGradient<Number> gradient_ = nullptr;
};

// Memory for centres with up to `most` neighbours of all elements together.
template <class Number>
class Workspace {
 public:
  // Grows what `place` holds where it is too small.
  static void reserve(std::unique_ptr<Workspace>& place,
                      const KernelModel<Number>& model, int most);

  Scratch<Number> scratch{};

 private:
  Workspace(const KernelModel<Number>& model, int entries);

  int room_;
  AlignedVector<Number> numbers_;
  std::vector<int> atoms_;
  std::vector<typename PackedNeighbours<Number>::Run> runs_;
};

extern template class PackedModel<float>;
extern template class PackedModel<double>;
extern template class Workspace<float>;
extern template class Workspace<double>;

}  // namespace brine
