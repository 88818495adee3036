#include <omp.h>

#include <cstdint>

#include "arrays.hpp"
#include "bindings.hpp"
#include "radial_counts.hpp"

namespace brine {

namespace {

using Frames = In<double, nb::shape<-1, -1, 3>>;
using Cells = In<double, nb::shape<-1, 3, 3>>;
using Labels = In<int, nb::shape<-1>>;

// Pairs by distance of every frame: (n_frames, n_types, n_types, n_bins).
auto radial_counts(const Frames& positions, const Cells& cells, const Labels& types,
                   const Labels& groups, int n_types, double r_max, int n_bins) {
  const std::size_t n_frames = positions.shape(0), n_atoms = positions.shape(1);
  const std::size_t size = static_cast<std::size_t>(n_types) * n_types * n_bins;
  const PairCounting counting{
      static_cast<int>(n_atoms), n_types, types.data(), groups.data(), r_max, n_bins};
  std::vector<std::uint32_t> counts(n_frames * size);
  {
    nb::gil_scoped_release release;
    // Few frames: the threads share each frame; many: a thread takes whole frames.
    const bool whole = static_cast<int>(n_frames) >= 2 * omp_get_max_threads();
#pragma omp parallel for schedule(dynamic) if (whole)
    for (std::size_t k = 0; k < n_frames; ++k)
      count_pairs(counting, positions.data() + 3 * n_atoms * k, cells.data() + 9 * k,
                  counts.data() + size * k);
  }
  const std::size_t t = n_types, b = n_bins;
  return to_numpy(std::move(counts), {n_frames, t, t, b});
}

}  // namespace

void bind_observables(nb::module_& m) {
  m.def("radial_counts", &radial_counts, nb::arg("positions"), nb::arg("cells"),
        nb::arg("types"), nb::arg("groups"), nb::arg("n_types"), nb::arg("r_max"),
        nb::arg("n_bins"));
}

}  // namespace brine
