// The native potential as a force field for the dynamics.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "force_field.hpp"
#include "packed_model.hpp"
#include "verlet_list.hpp"

namespace brine {

// Shares of energy and virial are summed in double precision.
template <class Number>
class NativeForceField : public ForceField {
 public:
  // `element` gives each atom's index into the model's elements; lists reach `skin`
  // Å beyond the cutoff. The same bits come out of any number of threads; 0 means all
  // there are. Of a part of a larger system the first `n_own` atoms are its own: theirs
  // are the energy and the virial, and their forces are complete where the others reach
  // two cutoffs far.
  template <class Model>
  NativeForceField(const Model& model, std::vector<int> element, int n_own, double skin,
                   int threads)
      : model_(model),
        list_(std::move(element), model.shape.n_elements, model_.view().reach, skin,
              threads),
        n_own_(n_own),
        threads_(threads) {}
  NativeForceField(const NativeForceField&) = delete;

  void compute(int n, const double* positions, const Cell& cell, double& energy,
               double* forces, double virial[9]) override;
  void forget() override { list_.forget(); }
  double closest_margin() const override { return margin_; }

 private:
  Totals add_piece(const Step& step, int first, int end, Scratch<Number>& scratch,
                   Number* forces) const;
  bool near_own(const Step& step, int centre) const;

  PackedModel<Number> model_;
  VerletList list_;
  int n_own_, threads_;
  double margin_ = 1e300;
  std::vector<std::unique_ptr<Workspace<Number>>> workspaces_;
  std::vector<std::vector<Number>> partial_;  // [piece][atom][4], eV/Å
};

extern template class NativeForceField<float>;
extern template class NativeForceField<double>;

}  // namespace brine
