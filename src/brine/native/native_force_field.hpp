// The native potential as a force field for the dynamics.
#pragma once

#include <memory>
#include <vector>

#include "force_field.hpp"
#include "linear_model.hpp"
#include "neighbours.hpp"

namespace brine {

struct Workspace;  // one thread's memory

class NativeForceField : public ForceField {
 public:
  // `element` gives each atom's index into the model's elements; lists reach `skin`
  // Å beyond the cutoff and are rebuilt once an atom has moved half of it. Atoms
  // are shared out in a fixed way, so the same number of threads gives the same bits;
  // 0 threads means all there are.
  NativeForceField(std::shared_ptr<const LinearModel> model, std::vector<int> element,
                   double skin, int threads);

  void compute(int n, const double* positions, const Cell& cell, double& energy,
               double* forces, double virial[9]) override;
  void forget() override { listed_.clear(); }
  double closest_margin() const override { return margin_; }

 private:
  bool list_holds(const double* positions, const Cell& cell) const;
  void rebuild(const double* positions, const Cell& cell);
  void translate(const Cell& cell);

  std::shared_ptr<const LinearModel> model_;
  std::vector<int> element_;
  double skin_, margin_ = 1e300;
  int threads_;
  CentreKernel kernel_;
  std::vector<double> listed_;  // positions when the list was built
  Cell listed_cell_{};
  std::vector<int> first_, atom_, image_;
  std::vector<int> shifts_;  // [image][3]
  std::vector<double> translations_;
  int room_ = 0;  // packed entries a centre may need
  std::vector<std::shared_ptr<Workspace>> workspaces_;
  std::vector<std::vector<double>> partial_;  // forces, by thread
};

}  // namespace brine
