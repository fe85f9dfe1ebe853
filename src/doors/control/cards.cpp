// Before and after a card is shown: what it needs is read back, and that somebody has it is noted.
#include <utility>

#include "doors/control/control.h"
#include "doors/control/spoken.h"
#include "doors/control/together.h"

namespace pawl {

std::vector<std::string> cards_of(std::string_view op, json::View request) {
  if (op == "approval") {
    const auto id = request.text("id");
    return id ? std::vector{std::string(*id)} : std::vector<std::string>();
  }
  if (op == "together") return ids_in(request["ids"]).value_or(std::vector<std::string>());
  return {};
}

// What a card shows and the activity does not keep is read back from the journal first. Where that
// cannot be done now the card says what is missing.
Task<void> Control::remember(std::vector<std::string> ids) {
  if (ports_.activity == nullptr || !ports_.look_back) co_return;
  std::vector<SoughtCall> sought;
  for (const std::string& id : ids) {
    const Approval* asked = ports_.gate.state().approval(id);
    if (asked == nullptr || ports_.activity->remembers(id)) continue;
    sought.push_back({id, asked->opened});
  }
  if (sought.empty()) co_return;
  const auto found = co_await ports_.look_back(sought);
  if (!found) co_return;
  for (const SoughtCall& one : sought) {
    const auto decided = found->find(one.approval);
    ports_.activity->recall(one.approval, decided == found->end() ? nullptr : &decided->second);
  }
}

void Control::note_display(const std::vector<std::string>& ids, json::View request) {
  const auto person = request.text("person");
  if (ports_.activity == nullptr || !person) return;
  // Names that nobody has would only fill the memory.
  const std::string name(*person);
  if (!ports_.gate.state().reviewers().contains(name) && ports_.groups_of(name).empty()) return;
  for (const std::string& id : ids) {
    if (ports_.gate.state().approval(id) == nullptr) continue;
    ports_.activity->displayed(id, name, ports_.clock.now());
  }
}

}  // namespace pawl
