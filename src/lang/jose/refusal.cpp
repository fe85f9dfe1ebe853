#include "lang/jose/refusal.h"

#include <utility>

#include "base/text.h"

namespace pawl::jose {
namespace {

constexpr std::size_t quoted_bytes_max = 80;

}  // namespace

std::unexpected<Refusal> refuse(Flaw flaw, std::string at, std::string message) {
  return std::unexpected(Refusal{flaw, std::move(at), std::move(message)});
}

std::string_view name_of(Flaw flaw) {
  switch (flaw) {
    case Flaw::size:
      return "size";
    case Flaw::form:
      return "form";
    case Flaw::json:
      return "json";
    case Flaw::header:
      return "header";
    case Flaw::algorithm:
      return "algorithm";
    case Flaw::brings_key:
      return "brings_key";
    case Flaw::critical:
      return "critical";
    case Flaw::type:
      return "type";
    case Flaw::key_unknown:
      return "key_unknown";
    case Flaw::signature:
      return "signature";
    case Flaw::claim:
      return "claim";
    case Flaw::issuer:
      return "issuer";
    case Flaw::audience:
      return "audience";
    case Flaw::party:
      return "party";
    case Flaw::subject:
      return "subject";
    case Flaw::expired:
      return "expired";
    case Flaw::not_yet:
      return "not_yet";
    case Flaw::wider:
      return "wider";
    case Flaw::scope:
      return "scope";
  }
  return {};
}

Challenge challenge_of(Flaw flaw) {
  return flaw == Flaw::scope ? Challenge::insufficient_scope : Challenge::invalid_token;
}

std::string_view name_of(Challenge challenge) {
  switch (challenge) {
    case Challenge::invalid_token:
      return "invalid_token";
    case Challenge::insufficient_scope:
      return "insufficient_scope";
  }
  return {};
}

int status_of(Challenge challenge) {
  switch (challenge) {
    case Challenge::invalid_token:
      return 401;
    case Challenge::insufficient_scope:
      return 403;
  }
  return 401;
}

std::string to_string(const Refusal& refusal) {
  return refusal.at + ": " + refusal.message;
}

std::string quoted(std::string_view text) {
  return in_backticks(text, quoted_bytes_max);
}

}  // namespace pawl::jose
