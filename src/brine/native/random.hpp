// Random numbers whose whole state can be written down and read back.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <sstream>
#include <string>

namespace brine {

// The standard fixes the sequence of mt19937_64, not that of its distributions:
// the transforms are here, so that a restart repeats them bit by bit.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // Uniform in (0, 1).
  double uniform() { return ((engine_() >> 11) + 0.5) * 0x1.0p-53; }

  // Standard normal, by Marsaglia's polar method.
  double normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    double x, y, s;
    do {
      // Two coordinates of 32 bits from one draw; never both zero.
      const std::uint64_t bits = engine_();
      x = ((bits >> 32) + 0.5) * 0x1.0p-31 - 1;
      y = ((bits & 0xffffffffu) + 0.5) * 0x1.0p-31 - 1;
      s = x * x + y * y;
    } while (s >= 1);
    const double factor = std::sqrt(-2 * std::log(s) / s);
    spare_ = y * factor;
    has_spare_ = true;
    return x * factor;
  }

  // Gamma with scale one (Marsaglia and Tsang 2000, 10.1145/358407.358414).
  double gamma(double shape) {
    if (shape < 1) return gamma(shape + 1) * std::pow(uniform(), 1 / shape);
    const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
    while (true) {
      const double x = normal();
      const double root = 1 + c * x;
      if (root <= 0) continue;
      const double v = root * root * root;
      if (std::log(uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
    }
  }

  // Sum of the squares of n standard normals.
  double chi_squared(int n) { return n > 0 ? 2 * gamma(0.5 * n) : 0; }

  std::string state() const {
    std::ostringstream out;
    out << engine_ << ' ' << has_spare_ << ' ' << std::hexfloat
        << (has_spare_ ? spare_ : 0.0);
    return out.str();
  }

  // False where the text is not a state.
  bool restore(const std::string& text) {
    std::istringstream in(text);
    std::string spare;
    if (!(in >> engine_ >> has_spare_ >> spare)) return false;
    spare_ = std::strtod(spare.c_str(), nullptr);
    return true;
  }

 private:
  std::mt19937_64 engine_;
  bool has_spare_ = false;
  double spare_ = 0;
};

}  // namespace brine
