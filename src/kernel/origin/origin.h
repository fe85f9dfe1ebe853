// Where a value came from (policy.md): from the sponsor's own words, or from a structured field of
// an earlier result of the same run.
//
// A policy binds an argument to its origin:
//   to:        {from: {result: read_customer_record.contact_info.email}}
//   recipient: {in: $payees, or_from: [user], else: hold}
// What decides is who a call is *for*: an instruction that is planted in a web page can name any
// account, and the agent will pay it; but it cannot make the sponsor have said it.
//
// `RunOrigins` is what one run keeps for that: the words of its sponsor, and the values of exactly
// those fields that its policy refers to. `user` is text that an authenticated sponsor gave outside
// of the agent's process; what arrives through the agent is never added here (cases O01 to O04).
// A result counts where the policy names its tool and field; the caller leaves out tools
// that the policy marks `source: untrusted`, and gives what the agent was given, so that a field
// that was withheld from it is nowhere it could have come from.
//
// A value matches as a whole: texts in whole tokens of the words (words.h), values of a field by
// their forms (forms.h); of an address the host may be asked for alone, and of a path in the
// sponsor's words the directories above. Lists are the caller's to take apart: each element has to
// come from somewhere, which makes a list of arguments a subset of what is known.
//
// Bounds: `origin_values_max` values and `origin_bytes_max` bytes for one run. What is beyond a
// bound, or was lost, has not been seen, and a value that was not seen comes from nowhere: strict.
// Pure; threads: a value, no sharing rules beyond the ordinary ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "kernel/origin/source.h"
#include "kernel/origin/words.h"

namespace pawl {

inline constexpr std::size_t origin_values_max = 16'384;
inline constexpr std::size_t origin_bytes_max = 2UL << 20;

class RunOrigins {
 public:
  RunOrigins() = default;
  // Fields of results that a policy asks for; others are not kept.
  explicit RunOrigins(const std::vector<OriginSource>& wanted);

  // `said` is when: without it `tomorrow` names no day.
  void add_words(std::string_view text, std::optional<Instant> said = std::nullopt) {
    words_.add(text, said);
  }
  // A result of a call of this run, as the agent was given it.
  void add_result(std::string_view server, std::string_view tool, std::string_view call,
                  json::View result);
  // Whether results of that tool are of any use here.
  bool wants(std::string_view server, std::string_view tool) const;

  // The call whose result holds the value (empty: the words hold it); nothing where the source
  // does not.
  std::optional<std::string> find(const OriginSource& source, json::View value) const;

  // The same for a host, folded, alone or of an address or a mail address.
  std::optional<std::string> call_of_host(const OriginSource& source, std::string_view host) const;

  // The same for a directory, absolute and clean; the words may also name it from `base`.
  std::optional<std::string> call_of_directory(const OriginSource& source,
                                               std::string_view directory,
                                               std::string_view base) const;

  // False once a value was dropped because of a bound.
  bool complete() const { return complete_; }

 private:
  struct Field {
    OriginSource source;
    std::unordered_map<std::string, std::uint32_t> forms;  // -> its call
    std::unordered_map<std::string, std::uint32_t> hosts;
  };
  const Field* field(const OriginSource& source) const;
  void keep(Field& field, json::View value, std::uint32_t call);

  SponsorWords words_;
  std::vector<Field> fields_;
  std::vector<std::string> calls_;
  std::size_t values_ = 0, bytes_ = 0;
  bool complete_ = true;
};

}  // namespace pawl
