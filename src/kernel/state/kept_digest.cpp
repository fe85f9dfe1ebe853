#include "kernel/state/kept_digest.h"

namespace pawl {

// Kept as bytes is what `spelled` gives back, letter for letter; nothing but zeroes stands for the
// other texts.
KeptDigest::KeptDigest(std::string_view text) {
  Digest digest{};
  if (parse_spelled(text, digest) && digest != Digest{} && to_string(digest) == text) {
    digest_ = digest;
  } else if (!text.empty()) {
    other_ = std::make_shared<const std::string>(text);
  }
}

std::string KeptDigest::text() const {
  if (other_) return *other_;
  return empty() ? std::string() : to_string(digest_);
}

}  // namespace pawl
