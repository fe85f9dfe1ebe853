// Random numbers that are the same for the same seed on every machine (SplitMix64).
#pragma once

#include <cstdint>
#include <string>

namespace pawl::crash {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // In [0, bound); 0 where bound is 0.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  std::string bytes(std::size_t count) {
    std::string out;
    while (out.size() < count) {
      const std::uint64_t word = next();
      out.append(reinterpret_cast<const char*>(&word), sizeof word);
    }
    out.resize(count);
    return out;
  }

 private:
  std::uint64_t state_;
};

}  // namespace pawl::crash
