#include "packed_model.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

#include "input_error.hpp"

namespace brine {

namespace {

// Instruction sets, the best last; BRINE_ISA in the environment names the best allowed.
enum class Isa { portable, avx2, avx512 };

Isa allowed() {
  const char* name = std::getenv("BRINE_ISA");
  const std::string limit = name ? name : "avx512";
  if (limit == "portable") return Isa::portable;
  if (limit == "avx2") return Isa::avx2;
  if (limit == "avx512") return Isa::avx512;
  throw InputError("BRINE_ISA must be portable, avx2 or avx512, got " + limit +
                   "; set one of these or unset it.");
}

Isa supported() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
    return Isa::avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::avx2;
#endif
  return Isa::portable;
}

template <class Number>
Kernels<Number> kernels(const DescriptorShape& shape) {
  switch (std::min(allowed(), supported())) {
#if defined(__x86_64__)
    case Isa::avx512:
      return avx512::kernels<Number>(shape);
    case Isa::avx2:
      return avx2::kernels<Number>(shape);
#endif
    default:
      return portable::kernels<Number>(shape);
  }
}

std::size_t whole(std::size_t length) {  // vectors of any precision
  return (length + 15) / 16 * 16;
}

int round_up(int n, int unit) { return (n + unit - 1) / unit * unit; }

template <class Function>
Function known(Function kernel) {
  if (!kernel) throw std::invalid_argument("no kernel for this descriptor");
  return kernel;
}

}  // namespace

template <class Number>
void PackedModel<Number>::pack(const DescriptorShape& shape, const PairTables& tables) {
  const double reach = std::max(shape.two_cutoff, shape.three_cutoff);
  tables_.assign(tables.values.begin(), tables.values.end());
  shortest_ = tables.shortest;
  view_.shape = shape;
  view_.padded = round_up(shape.n_three, channels);
  view_.width = round_up(shape.n_elements * view_.padded, lanes<Number>);
  view_.reach = static_cast<Number>(reach);
  for (std::size_t pair = 0; pair < shortest_.size(); ++pair) {
    const double wall = tables.wall(pair);
    // Vectors that touch the reach itself still count the neighbours before it.
    walls_.push_back(static_cast<Number>(wall < reach ? wall : 2 * reach));
  }
  view_.bias = bias_.data();
  view_.start = static_cast<Number>(tables.start);
  view_.step = static_cast<Number>(tables.step);
  view_.n_intervals = tables.n_intervals;
  view_.tables = tables_.data();
  view_.walls = walls_.data();
  view_.shortest = shortest_.data();
}

template <class Number>
PackedModel<Number>::PackedModel(const LinearModel& model) : bias_(model.bias) {
  pack(model.shape, model.tables);
  const std::size_t E = model.shape.n_elements, N = model.shape.n_three;
  const std::size_t L = model.shape.l_max + 1, C = E * N;
  const std::size_t padded = view_.padded, width = view_.width;
  matrices_.assign(E * L * width * width, Number(0));
  for (std::size_t zl = 0; zl < E * L; ++zl)
    for (std::size_t a = 0; a < C; ++a)
      for (std::size_t b = 0; b < C; ++b)
        matrices_[(zl * width + a / N * padded + a % N) * width + b / N * padded +
                  b % N] = static_cast<Number>(model.quadratic[(zl * C + a) * C + b]);
  view_.quadratic = matrices_.data();
  force_ = known(kernels<Number>(model.shape).linear);
}

template <class Number>
PackedModel<Number>::PackedModel(const NeuralModel& model) : bias_(model.bias) {
  pack(model.shape, model.tables);
  view_.neural = model.neural;
  if (model.neural.body_order > 3) {
    Couplings found = couplings(model.shape.l_max);
    for (const Coupling<double>& c : found.terms)
      couplings_.push_back({c.second, c.third, static_cast<Number>(c.factor)});
    rows_ = std::move(found.rows);
  }
  view_.rows = rows_.data();
  view_.n_rows = static_cast<int>(rows_.size());
  view_.couplings = couplings_.data();
  const std::size_t E = model.shape.n_elements;
  matrices_.assign(E * model.neural.stride(model.shape), Number(0));
  turned_.assign(E * model.neural.turned_size(model.shape, view_.width), Number(0));
  view_.weights = matrices_.data();
  view_.transposed = turned_.data();
  set_weights(model.weights.data());
  const Kernels<Number> found = kernels<Number>(model.shape);
  force_ = known(found.neural);
  layers_ = known(found.neural_layers);
  gradient_ = known(found.neural_gradient);
}

template <class Number>
void PackedModel<Number>::set_weights(const double* weights) {
  const DescriptorShape& d = view_.shape;
  const NeuralShape& s = view_.neural;
  const int width = view_.width, padded = view_.padded, k_all = 2 * s.products;
  const int n_inputs = s.n_inputs(d), h = s.hidden;
  for (int z = 0; z < d.n_elements; ++z) {
    const double* own = weights + z * s.size(d);
    Number* from = matrices_.data() + z * s.stride(d);
    std::copy(own, own + s.size(d), from);
    Number* to = turned_.data() + z * s.turned_size(d, width);
    for (int l = 0; l <= d.l_max; ++l)
      for (int alpha = 0; alpha < d.n_channels(); ++alpha) {
        const int column = alpha / d.n_three * padded + alpha % d.n_three;
        for (int k = 0; k < k_all; ++k)
          to[(static_cast<std::size_t>(l) * k_all + k) * width + column] =
              from[(static_cast<std::size_t>(l) * d.n_channels() + alpha) * k_all + k];
      }
    for (int i = 0; i < n_inputs; ++i)
      for (int k = 0; k < h; ++k)
        to[s.turned_w1(d, width) + static_cast<std::size_t>(k) * n_inputs + i] =
            from[s.w1(d) + static_cast<std::size_t>(i) * h + k];
    for (int i = 0; i < h; ++i)
      for (int k = 0; k < h; ++k)
        to[s.turned_w2(d, width) + k * h + i] = from[s.w2(d) + i * h + k];
  }
}

template <class Number>
void Workspace<Number>::reserve(std::unique_ptr<Workspace>& place,
                                const KernelModel<Number>& model, int most) {
  // Each element's near and far runs may take all of its neighbours, padded.
  const int room = 2 * (most + 2 * lanes<Number> * model.shape.n_elements);
  if (!place || place->room_ < room) place.reset(new Workspace(model, room + room / 4));
}

template <class Number>
Workspace<Number>::Workspace(const KernelModel<Number>& model, int entries)
    : room_(entries) {
  const std::size_t size = entries, lm = model.shape.n_harmonics();
  const std::size_t of_channels = size * model.padded, of_harmonics = size * lm;
  const std::size_t of_density = lm * model.width;
  const bool neural = model.weights != nullptr;
  // A network's inputs and layers, and how they change along a tangent.
  const NeuralShape& s = model.neural;
  const std::size_t of_network =
      neural ? 2 * (4 * lm * s.products + 2 * s.n_inputs(model.shape) + 5 * s.hidden)
             : 0;
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
      {&scratch.derivative, of_density},
      {&scratch.two_slope, neural ? size * model.shape.n_two : 0},
      {&scratch.neural, of_network},
      {&scratch.moved_rows, neural ? of_channels : 0},
      {&scratch.moved_harmonics, neural ? of_harmonics : 0},
      {&scratch.moved_density, neural ? of_density : 0}};
  std::size_t total = 0;
  for (const auto& [place, length] : parts) total += whole(length);
  numbers_.assign(total, Number(0));
  Number* at = numbers_.data();
  for (const auto& [place, length] : parts) *place = at, at += whole(length);
  atoms_.resize(size);
  runs_.resize(2 * static_cast<std::size_t>(model.shape.n_elements));
  packed.atom = atoms_.data();
  packed.near = runs_.data();
  packed.far = runs_.data() + model.shape.n_elements;
}

template class PackedModel<float>;
template class PackedModel<double>;
template class Workspace<float>;
template class Workspace<double>;

}  // namespace brine
