#include "doors/control/stored.h"

#include <utility>

#include "base/hash.h"

namespace pawl {

Result<std::string> stored_text(Journal& journal, std::string_view commitment,
                                std::string_view what) {
  Digest digest{};
  if (!parse_spelled(commitment, digest)) {
    return fail(ErrorKind::corrupt,
                "the question does not say where " + std::string(what) + " are");
  }
  auto payload = journal.payload(digest);
  if (!payload) return std::unexpected(payload.error());
  if (payload->state != PayloadState::present) {
    return fail(ErrorKind::missing, std::string(what) + " are not stored any more");
  }
  return std::move(payload->bytes);
}

}  // namespace pawl
