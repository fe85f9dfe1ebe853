// What earlier requests of a run were measured at, by the digests of their prefixes: a request that
// goes on where a measured one ended has at most that many tokens of input, and what is new.
//
// A prior is a number of tokens and never a discount (threats, rule 31): a request is priced as if
// nothing of it were cached. It lives in memory; without it the bytes are the bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "kernel/model_api/request.h"

namespace pawl::model {

inline constexpr std::size_t priors_of_run_max = 256;
inline constexpr std::size_t priors_runs_max = 4096;

class Priors {
 public:
  // The bound of the input of this request: that of its bytes, or less where a prefix was measured.
  std::uint64_t input_most(const std::string& run, const ModelRequest& request) const;
  // Its whole input was measured at so many tokens.
  void learn(const std::string& run, const ModelRequest& request, std::uint64_t input);

 private:
  struct OfRun {
    std::map<Digest, std::uint64_t> tokens;
    std::deque<Digest> order;  // oldest first
  };
  std::map<std::string, OfRun, std::less<>> runs_;
  std::deque<std::string> order_;  // of runs, oldest first
};

}  // namespace pawl::model
