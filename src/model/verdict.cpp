#include "model/verdict.h"

#include <algorithm>
#include <array>
#include <utility>

namespace pawl {

namespace {

// In the order of the enum, so that a code is an index.
constexpr std::array<std::string_view, 22> code_words = {
    "none",
    "not_granted",
    "blocked",
    "constraint",
    "origin",
    "schema",
    "tool_changed",
    "frozen",
    "not_in_state",
    "approval_pending",
    "approval_rejected",
    "approval_expired",
    "run_halted",
    "ceiling",
    "rate",
    "killed",
    "identity",
    "ambiguous_request",
    "cancelled",
    "upstream_failed",
    "audit_unavailable",
    "internal",
};
static_assert(static_cast<std::size_t>(Code::internal) + 1 == code_words.size());

}  // namespace

std::string_view to_string(Effect effect) {
  switch (effect) {
    case Effect::allow:
      return "allow";
    case Effect::notify:
      return "notify";
    case Effect::contain:
      return "contain";
    case Effect::hold:
      return "hold";
    case Effect::deny:
      return "deny";
  }
  return "deny";
}

std::string_view to_string(Code code) {
  const auto index = static_cast<std::size_t>(code);
  return index < code_words.size() ? code_words[index] : "internal";
}

bool parse_code(std::string_view text, Code& into) {
  const auto found = std::ranges::find(code_words, text);
  if (found == code_words.end()) return false;
  into = static_cast<Code>(found - code_words.begin());
  return true;
}

bool retryable(Code code) {
  switch (code) {
    case Code::frozen:  // a freeze ends by itself
    case Code::approval_pending:
    case Code::approval_expired:  // the question can be asked again
    case Code::rate:
    case Code::cancelled:
    case Code::upstream_failed:
    case Code::audit_unavailable:
      return true;
    case Code::none:
    case Code::not_granted:
    case Code::blocked:
    case Code::constraint:
    case Code::origin:
    case Code::schema:
    case Code::tool_changed:
    case Code::not_in_state:
    case Code::approval_rejected:
    case Code::run_halted:
    case Code::ceiling:
    case Code::killed:
    case Code::identity:
    case Code::ambiguous_request:
    case Code::internal:
      return false;
  }
  return false;
}

bool counts_as_denial(Code code) {
  switch (code) {
    case Code::not_granted:
    case Code::blocked:
    case Code::constraint:
    case Code::origin:
    case Code::schema:
    case Code::not_in_state:
    case Code::approval_rejected:  // a person looked at what it asked for
    case Code::ceiling:
    case Code::ambiguous_request:
      return true;
    case Code::none:
    case Code::tool_changed:  // the server's doing
    case Code::frozen:        // the calendar's
    case Code::approval_pending:
    case Code::approval_expired:  // no one answered
    case Code::run_halted:
    case Code::rate:  // it may ask again, and does as it was told
    case Code::killed:
    case Code::identity:  // of the set-up; every call would be denied alike
    case Code::cancelled:
    case Code::upstream_failed:
    case Code::audit_unavailable:
    case Code::internal:
      return false;
  }
  return true;
}

}  // namespace pawl
