#include "kernel/state/kept_digest.h"

#include <algorithm>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::string_view kPrefix = "sha256:";

// False, and `into` is nothing but zeroes, unless `spelled` would give the text back.
bool read_spelled(std::string_view text, Digest& into) {
  std::string bytes;
  if (!text.starts_with(kPrefix) || !unhex(text.substr(kPrefix.size()), bytes) ||
      bytes.size() != into.size()) {
    return false;
  }
  std::ranges::copy(bytes, into.begin());
  if (into != Digest{} && spelled(into) == text) return true;
  into = {};
  return false;
}

}  // namespace

KeptDigest::KeptDigest(std::string_view text) {
  if (!text.empty() && !read_spelled(text, digest_)) {
    other_ = std::make_shared<const std::string>(text);
  }
}

std::string KeptDigest::text() const {
  if (other_) return *other_;
  return empty() ? std::string() : spelled(digest_);
}

}  // namespace pawl
