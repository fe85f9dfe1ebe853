// Lists of questions, and whether whoever asks for one may answer them.
#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.h"
#include "doors/control/control.h"
#include "doors/control/question.h"
#include "doors/control/spoken.h"
#include "doors/control/together.h"
#include "io/approvals/ways.h"

namespace pawl {
namespace {

constexpr std::uint64_t kArgumentsReadBytesMax = 16UL << 10;  // longer ones are not looked in
constexpr std::size_t kReadForAFilter = 500;                  // questions, before it is answered
constexpr std::size_t kReadInATurn = 64;

}  // namespace

Control::Control(ControlPorts ports)
    : ports_(std::move(ports)), texts_([this](const Approval& approval) {
        const JudgedCall* judged = judged_in(ports_.activity, approval);
        const bool read = judged != nullptr && judged->args_bytes <= kArgumentsReadBytesMax;
        return read ? arguments_of(ports_.journal, approval).value_or("") : std::string();
      }) {}

std::string Control::row(const std::string& approval) {
  return approval_row_json(ports_.gate.state(), approval, ports_.clock.now(), ports_.activity,
                           texts_);
}

Result<std::string> Control::questions(json::View request) {
  const json::View limit = request["limit"];
  const json::View names = request["names"];
  const std::string_view filter = request.text("filter").value_or("");
  if (filter.size() > spoken_bytes_max) return fail(ErrorKind::invalid, "`filter` is too long");
  QuestionsWanted wanted{.filter = std::string(filter),
                         .limit = limit.is_integer() ? limit.natural() : 0,
                         .may_not = may_not(request)};
  wanted.names = names.kind() == json::Kind::boolean && names.boolean();
  if (request["ids"].exists()) {
    auto ids = ids_in(request["ids"]);
    if (!ids) return std::unexpected(ids.error());
    wanted.ids = std::move(*ids);
  }
  const State& state = ports_.gate.state();
  if (!filter.empty()) (void)texts_.read_some(state, kReadForAFilter);
  std::string list = approvals_json(state, ports_.clock.now(), ports_.activity, wanted, texts_);
  read_on(state.approvals().size() + 1);
  return list;
}

// The arguments of the other questions, in turns of the loop in which others have theirs. It ends
// where nothing is left to read, or where there is room for no more.
void Control::read_on(std::size_t left_before) {
  if (!ports_.later || std::exchange(reading_, true)) return;
  ports_.later([this, here = std::weak_ptr<bool>(here_), left_before] {
    if (here.expired()) return;
    reading_ = false;
    const std::size_t left = texts_.read_some(ports_.gate.state(), kReadInATurn);
    if (left > 0 && left < left_before) read_on(left);
  });
}

// Why this person cannot prove here who they are; empty: they can.
std::string Control::no_passphrase(const std::string& person) const {
  const auto& reviewers = ports_.gate.state().reviewers();
  const auto known = reviewers.find(person);
  if (known == reviewers.end()) {
    return "nobody is enrolled as `" + escape_untrusted(person) + "`, and an answer needs a proof";
  }
  const bool types = std::ranges::any_of(ways_of(known->second.verifier), valid_verifier);
  return types ? ""
               : "`" + escape_untrusted(person) + "` has no passphrase, and answers at the console";
}

// What stands in the way of the answers of the person who asks, if they say who they are, and, with
// `passphrase`, where that is how they would prove it.
MayNot Control::may_not(json::View request) const {
  const auto asks = request.text("person");
  if (!asks) return {};
  const std::string person(*asks);
  std::string never = only_looks(person);
  const json::View types = request["passphrase"];
  if (never.empty() && types.kind() == json::Kind::boolean && types.boolean()) {
    never = no_passphrase(person);
  }
  return [this, person, never, groups = ports_.groups_of(person)](const std::string& id) {
    return never.empty() ? ports_.gate.objections(id, person, groups)
                         : Objections{never, never, never};
  };
}

}  // namespace pawl
