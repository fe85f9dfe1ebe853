#include "doors/control/stored.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace pawl {

bool unspell(std::string_view spelled, Digest& out) {
  std::string bytes;
  constexpr std::string_view prefix = "sha256:";
  if (!spelled.starts_with(prefix) || !unhex(spelled.substr(prefix.size()), bytes) ||
      bytes.size() != out.size()) {
    return false;
  }
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

Result<std::string> stored_text(Journal& journal, std::string_view commitment,
                                std::string_view what) {
  Digest digest{};
  if (!unspell(commitment, digest)) {
    return fail(Fault::corrupt, "the question does not say where " + std::string(what) + " are");
  }
  auto payload = journal.payload(digest);
  if (!payload) return std::unexpected(payload.error());
  if (payload->state != PayloadState::present) {
    return fail(Fault::missing, std::string(what) + " are not stored any more");
  }
  return std::move(payload->bytes);
}

}  // namespace pawl
