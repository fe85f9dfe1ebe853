// A digest as records spell it (`sha256:` and 64 digits), in less than half of the text's memory:
// a hundred thousand questions keep two each. Any other text is kept as it is, so that what goes in
// comes out again.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace pawl {

class KeptDigest {
 public:
  KeptDigest() = default;
  explicit KeptDigest(std::string_view text);

  std::string text() const;
  bool empty() const { return !other_ && digest_ == Digest{}; }

  friend bool operator==(const KeptDigest& a, std::string_view b) { return a.text() == b; }

 private:
  Digest digest_{};  // nothing but zeroes: `other_` is the text, null for the empty one
  std::shared_ptr<const std::string> other_;
};

}  // namespace pawl
