// Who calls, once that is proved, and how a caller is told that it is not.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "kernel/deployment/agents.h"
#include "lang/jose/run_credential.h"

namespace pawl::identity {

// What proved it.
enum class How : std::uint8_t { api_key, run_credential, issuer_token, svid, certificate };
std::string_view to_string(How how);

struct Principal {
  std::string agent;    // who acts, as the deployment file or a parent's credential names it
  std::string role;     // of the deployment file; with a run credential the run's own
  std::string sponsor;  // who answers for its runs; never empty
  Rights rights;
  How how = How::api_key;
  std::string proof;        // `key AbCdEfGh`, `credential ID`: for records, nothing of a secret
  std::string issuer = {};  // of `How::issuer_token`: its name in the deployment file
  // Of `How::run_credential`: the run that it belongs to, and what it may do less than its role.
  std::optional<jose::RunCredential> credential;
  // When what proved it is over; nothing: not by itself.
  std::optional<Instant> until = {};
  // False from when the deployment file does not name it, or its key, any more. Null: not said.
  std::shared_ptr<const bool> stands = {};
};

// Why no caller was recognised, cannot be at the moment (503), or why the caller may not. The
// caller learns `error` and `says`, which repeat nothing of what it sent; `reason` is for the
// record.
struct Denied {
  // 401: who are you; 403: known, and not for this; 503: not known now
  int status = 401;
  std::string_view error = {};  // of RFC 6750; empty where nothing was presented
  std::string_view says = {};
  std::string reason = {};
  std::string_view scope = {};  // the right that is missing, with `insufficient_scope`
  std::string issuer = {};      // whose word for that right is to be said
};
template <class T>
using Proved = std::expected<T, Denied>;

// The refusal of a known caller: this right is missing.
Denied lacks(const Principal& principal, std::string_view right);

}  // namespace pawl::identity
