// Typed NumPy arrays at the border between Python and C++.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

#include "force_field.hpp"

namespace brine {

namespace nb = nanobind;

template <class T, class... Shape>
using In = nb::ndarray<const T, Shape..., nb::c_contig, nb::device::cpu>;
template <class T, class... Shape>
using InOut = nb::ndarray<T, Shape..., nb::c_contig, nb::device::cpu>;

using Positions = In<double, nb::shape<-1, 3>>;
using Rows = In<double, nb::shape<3, 3>>;
using Flags = In<bool, nb::shape<3>>;

// A NumPy array that owns the vector handed over.
template <class T>
nb::ndarray<nb::numpy, T> to_numpy(std::vector<T>&& values,
                                   std::initializer_list<std::size_t> shape) {
  auto* kept = new std::vector<T>(std::move(values));
  nb::capsule owner(kept,
                    [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::ndarray<nb::numpy, T>(kept->data(), shape, owner);
}

inline Cell to_cell(const Rows& rows, const Flags& periodic) {
  Cell cell;
  for (int d = 0; d < 3; ++d) {
    for (int k = 0; k < 3; ++k) cell.rows[d][k] = rows(d, k);
    cell.periodic[d] = periodic(d);
  }
  return cell;
}

}  // namespace brine
