#include "doors/control/control.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "doors/control/spoken.h"
#include "io/approvals/ways.h"
#include "kernel/state/live.h"
#include "views/batch.h"
#include "views/cards.h"
#include "views/node_status.h"
#include "views/question.h"
#include "views/runs.h"

namespace pawl {

namespace {

constexpr std::size_t nonce_bytes = 32;

std::string_view word(ErrorKind fault) {
  switch (fault) {
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::refused:
      return "refused";
    case ErrorKind::missing:
      return "missing";
    case ErrorKind::environment:
      return "environment";
    case ErrorKind::io:
      return "io";
    case ErrorKind::corrupt:
      return "corrupt";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace

std::string refusal(const Error& error) {
  json::Writer out;
  out.object().key("ok").boolean(false).key("fault").string(word(error.fault));
  out.key("error").string(to_string(error)).end();
  return out.take();
}

Result<std::string> text(json::View object, std::string_view key) {
  const auto value = object.text(key);
  if (!value) return fail(ErrorKind::invalid, "`" + std::string(key) + "` is not a text");
  if (value->size() > spoken_bytes_max) {
    return fail(ErrorKind::invalid, "`" + std::string(key) + "` is too long");
  }
  return std::string(*value);
}

Result<std::string> arguments_in(json::View object) {
  const auto as_text = object.text("arguments_text");
  return as_text ? std::string(*as_text) : json::write(object["arguments"]);
}

std::string done() {
  return R"({"ok":true})";
}

std::string hello_text(std::string_view nonce) {
  return "pawl hello v1\n" + std::string(nonce) + "\n";
}

std::string act_digest(json::View act) {
  return to_string(sha256(json::write(act)));
}

Task<Status> Control::durable() {
  if (ports_.journal.next() == 0) co_return Status{};
  co_return co_await ports_.journal.durable(ports_.journal.next() - 1);
}

// No report of a damaged journal looks like one of a whole journal.
Task<std::string> Control::with_damage(Damage tells, std::string answer) {
  if (!ports_.damage || tells == Damage::untold) co_return answer;
  const std::string damage = co_await ports_.damage(tells == Damage::looked_for);
  if (damage.empty()) co_return answer;
  json::Writer member;
  member.object().key("damage").string(damage).end();
  std::string with = member.take();
  with.back() = ',';
  co_return with + answer.substr(1);
}

// Every operation of the door. Cards and whole reports tell of a damaged journal.
std::span<const Control::Operation> Control::operations() {
  static constexpr std::array<Operation, 23> table = {{
      {"approval", &Control::show_card, nullptr, Damage::untold},
      {"approvals", &Control::questions, nullptr, Damage::known},
      {"act", &Control::act, nullptr, Damage::untold, true},
      {"challenge", &Control::challenge, nullptr, Damage::untold},
      {"change", &Control::show_change, nullptr, Damage::untold},
      {"changes", &Control::show_changes, nullptr, Damage::untold},
      {"console", &Control::open_console, nullptr, Damage::untold},
      {"deployment", &Control::show_deployment, nullptr, Damage::untold},
      {"grant_end", &Control::end_grant, nullptr, Damage::untold, true},
      {"hello", &Control::hello, nullptr, Damage::untold},
      {"kill", nullptr, &Control::kill, Damage::untold, true},
      {"node", &Control::show_node, nullptr, Damage::untold},
      {"people", &Control::show_people, nullptr, Damage::looked_for},
      {"policy", &Control::show_policy, nullptr, Damage::untold},
      {"reread", &Control::reread, nullptr, Damage::untold},
      {"reviewers", &Control::show_reviewers, nullptr, Damage::untold},
      {"rotate_keys", &Control::rotate_keys, nullptr, Damage::untold, true},
      {"run", &Control::show_run, nullptr, Damage::looked_for},
      {"run_close", &Control::close_run, nullptr, Damage::untold, true},
      {"run_open", &Control::open_run, nullptr, Damage::untold, true},
      {"targets", &Control::show_targets, nullptr, Damage::untold},
      {"together", &Control::show_together, nullptr, Damage::untold},
      {"status", &Control::show_status, nullptr, Damage::looked_for},
  }};
  return table;
}

Task<std::string> Control::answer(std::string request, std::string source) {
  const auto document = json::parse(request);
  if (!document || !document->root().is_object()) {
    co_return refusal({ErrorKind::invalid, "the request is not a JSON object", {}});
  }
  const json::View root = document->root();
  const std::string op(root.text("op").value_or(""));
  const auto row = std::ranges::find(operations(), op, &Operation::name);
  if (row == operations().end()) {
    co_return refusal(
        {ErrorKind::usage, "there is no request `" + escape_untrusted(op.substr(0, 64)) + "`", {}});
  }
  const std::vector<std::string> cards = cards_of(op, root);
  if (!cards.empty()) co_await remember(cards);
  Result<std::string> answered;
  if (op == "act" && root["act"].text("kind") == "drill") {
    answered = co_await drill(root, source);
  } else if (row->later != nullptr) {
    answered = co_await (this->*row->later)(root);
  } else {
    answered = (this->*row->answer)(root, source);
  }
  if (answered && !row->writes) {
    note_display(cards, root);
    answered = co_await with_damage(row->damage, *std::move(answered));
  }
  if (!answered) co_return refusal(answered.error());
  if (row->writes) {
    if (Status written = co_await durable(); !written) co_return refusal(written.error());
  }
  co_return std::move(*answered);
}

views::Answerers Control::answerers() const {
  views::Answerers people;
  for (const auto& [name, reviewer] : ports_.gate.state().reviewers()) {
    if (!acts_.only_looks(name).empty()) continue;
    people.persons.emplace_back(name, ports_.groups_of(name));
  }
  if (ports_.by_default) people.by_default = ports_.by_default();
  return people;
}

namespace {

std::unexpected<Error> no_activity() {
  return fail(ErrorKind::usage, "this node remembers nothing");
}

bool flag(json::View request, std::string_view key) {
  const json::View value = request[key];
  return value.kind() == json::Kind::boolean && value.boolean();
}

std::string deployment_json(const std::string& config, const views::DeploymentNow& now) {
  json::Writer out;
  out.object().key("config").string(config).key("digest").string(now.digest);
  out.key("ok").boolean(true).key("text").string(now.text);
  return out.key("waiting").string(now.waiting).end().take();
}

std::string reread_json(const std::string& config, const std::string& mistake,
                        const views::DeploymentNow& now) {
  json::Writer out;
  out.object().key("config").string(config);
  if (!mistake.empty()) out.key("mistake").string(mistake);
  out.key("ok").boolean(true);
  if (!now.waiting.empty()) out.key("waits").string(now.laxer);
  return out.end().take();
}

}  // namespace

views::DeploymentNow Control::deployment_now() const {
  return ports_.deployment ? ports_.deployment() : views::DeploymentNow{};
}

// As a list: of one, or of none.
std::string Control::waiting_deployment() const {
  const views::DeploymentNow now = deployment_now();
  json::Writer out;
  out.array();
  if (!now.waiting.empty()) {
    out.object().key("accepted").string(now.digest).key("digest").string(now.waiting);
    out.key("file").string(ports_.config).key("laxer").string(now.laxer).end();
  }
  out.end();
  return out.take();
}

// Asked by those who want it to end.
Result<std::string> Control::show_node(json::View, const std::string&) {
  std::uint64_t open = 0;
  for (const auto& [id, approval] : ports_.gate.state().approvals()) open += is_live(approval);
  json::Writer out;
  out.object();
  if (ports_.kept_by) ports_.kept_by(out);
  return out.key("ok").boolean(true).key("questions").natural(open).end().take();
}

Result<std::string> Control::show_status(json::View, const std::string&) {
  return views::status_json(
      ports_.gate, ports_.journal, ports_.clock.now(), ports_.version, ports_.activity,
      ports_.notices ? ports_.notices() : "[]", waiting_deployment(),
      ports_.policies_failing ? ports_.policies_failing() : std::map<std::string, std::string>{});
}

Result<std::string> Control::show_changes(json::View, const std::string&) {
  if (ports_.activity == nullptr) return no_activity();
  json::Writer out;
  out.object().key("changes").natural(ports_.activity->changes_of_questions());
  return out.key("ok").boolean(true).end().take();
}

Result<std::string> Control::show_together(json::View request, const std::string&) {
  const auto ids = views::ids_in(request["ids"]);
  PAWL_TRY(ids);
  return views::together_json(ports_.gate, ports_.journal, *ids, ports_.clock.now(),
                              flag(request, "full"), ports_.activity, acts_.may_not(request));
}

Result<std::string> Control::show_card(json::View request, const std::string&) {
  const auto id = text(request, "id");
  PAWL_TRY(id);
  const Approval* asked = ports_.gate.state().approval(*id);
  const auto policy = asked == nullptr ? nullptr : ports_.gate.runs.policy_of(asked->asked.run);
  const views::Answerers people = answerers();
  const views::MayNot asks = acts_.may_not(request);
  const Objections why = asks ? asks(*id) : Objections{};
  return views::approval_json(ports_.gate.state(), ports_.journal, *id, ports_.clock.now(),
                              flag(request, "full"),
                              {.activity = ports_.activity,
                               .policy = policy.get(),
                               .people = &people,
                               .may_not = asks ? &why : nullptr});
}

Result<std::string> Control::show_change(json::View request, const std::string&) {
  const auto id = text(request, "id");
  PAWL_TRY(id);
  const auto wanted = arguments_in(request);
  PAWL_TRY(wanted);
  const auto changed = ports_.gate.approvals.try_change(*id, *wanted);
  PAWL_TRY(changed);
  const auto policy = ports_.gate.runs.policy_of(ports_.gate.state().approval(*id)->asked.run);
  return views::changed_json(ports_.gate.state(), ports_.journal, *id, *changed, ports_.clock.now(),
                             flag(request, "full"), policy.get());
}

Result<std::string> Control::show_run(json::View request, const std::string&) {
  if (ports_.activity == nullptr) return no_activity();
  const auto id = text(request, "id");
  PAWL_TRY(id);
  return views::run_json(ports_.gate, *id, ports_.clock.now(), *ports_.activity);
}

Result<std::string> Control::show_people(json::View, const std::string&) {
  if (ports_.activity == nullptr) return no_activity();
  return views::people_json(ports_.gate.state(), ports_.clock.now(), *ports_.activity,
                            ports_.access);
}

Result<std::string> Control::challenge(json::View request, const std::string& source) {
  const auto person = text(request, "person");
  PAWL_TRY(person);
  const auto& reviewers = ports_.gate.state().reviewers();
  const auto known = reviewers.find(*person);
  if (known == reviewers.end()) {
    return fail(ErrorKind::missing, "no reviewer is called `" + escape_untrusted(*person) +
                                        "`; the first is enrolled with `pawl reviewers add`");
  }
  auto nonce =
      ports_.challenges.open(source, *person, ports_.random(nonce_bytes), ports_.clock.now());
  PAWL_TRY(nonce);
  json::Writer out;
  out.object().key("ok").boolean(true).key("nonce").string(*nonce);
  out.key("node").string(ports_.journal.public_key());
  out.key("verifier").string(known->second.verifier).end();
  return out.take();
}

Result<std::string> Control::hello(json::View request, const std::string&) {
  const auto nonce = text(request, "nonce");
  PAWL_TRY(nonce);
  json::Writer out;
  out.object().key("ok").boolean(true).key("node").string(ports_.journal.public_key());
  out.key("signature").string(ports_.sign(hello_text(*nonce))).end();
  return out.take();
}

Result<std::string> Control::show_policy(json::View request, const std::string&) {
  const auto agent = text(request, "agent");
  PAWL_TRY(agent);
  return views::policy_json(ports_.gate.state(), ports_.journal, *agent);
}

Result<std::string> Control::open_console(json::View, const std::string&) {
  if (!ports_.console) return fail(ErrorKind::usage, "this node has no console");
  auto address = ports_.console();
  PAWL_TRY(address);
  json::Writer out;
  out.object().key("address").string(*address).key("ok").boolean(true).end();
  return out.take();
}

Result<std::string> Control::show_targets(json::View, const std::string&) {
  return views::targets_json(ports_.gate, standing_names());
}

Result<std::string> Control::show_deployment(json::View, const std::string&) {
  return deployment_json(ports_.config, deployment_now());
}

Result<std::string> Control::show_reviewers(json::View, const std::string&) {
  return views::reviewers_json(ports_.gate.state(), ports_.config);
}

Result<std::string> Control::reread(json::View, const std::string&) {
  const auto mistake = ports_.reread();
  PAWL_TRY(mistake);
  return reread_json(ports_.config, *mistake, deployment_now());
}

Result<std::string> Control::open_run(json::View request, const std::string&) {
  if (!ports_.open_run) return fail(ErrorKind::usage, "this node opens no runs on request");
  return ports_.open_run(request);
}

Result<std::string> Control::rotate_keys(json::View request, const std::string&) {
  if (!ports_.rotate_keys) return fail(ErrorKind::usage, "this node has no keys of runs");
  return ports_.rotate_keys(request);
}

Task<Result<std::string>> Control::kill(json::View request) {
  const auto scope = text(request, "scope");
  const auto name = text(request, "name");
  const auto reason = text(request, "reason");
  const auto by = text(request, "by");
  for (const auto* part : {&scope, &name, &reason, &by}) {
    if (!*part) co_return std::unexpected(part->error());
  }
  if (reason->empty()) co_return fail(ErrorKind::usage, "a kill needs a reason");
  const json::View processes = request["processes"];
  const bool end = processes.kind() == json::Kind::boolean && processes.boolean();
  // What exists before it: a kill makes no names. The switch is thrown whatever this says.
  const auto targets = views::targets_of(*scope, ports_.gate, standing_names());
  const bool found = views::is_target(*scope, *name, targets);
  const auto near =
      found ? std::vector<std::string>{} : views::near_targets(*scope, *name, targets);
  auto stopped = ports_.gate.kill_switch.kill(*scope, *name, *by, *reason);
  if (!stopped && stopped.error().fault == ErrorKind::missing) {
    co_return fail(ErrorKind::missing,
                   "nothing was killed: " + stopped.error().message + views::meant_text(near));
  }
  PAWL_CO_TRY(stopped);
  if (ports_.killed) ports_.killed(*stopped);
  json::Writer out;
  out.object().key("ok").boolean(true);
  const auto list = [&out](std::string_view key, const std::vector<std::string>& names) {
    out.key(key).array();
    for (const std::string& entry : names) out.string(entry);
    out.end();
  };
  const bool stops = found || !stopped->runs.empty() || !stopped->cancelled.empty();
  out.key("found").boolean(stops);
  if (!stops) list("near", near);
  list("runs", stopped->runs);
  list("withdrawn", stopped->withdrawn);
  list("cancelled", stopped->cancelled);
  if (ports_.processes) {
    out.key("processes").raw(co_await ports_.processes(*scope, *name, stopped->runs, end));
  }
  out.end();
  co_return out.take();
}

views::StandingNames Control::standing_names() const {
  return ports_.names ? ports_.names() : views::StandingNames{};
}

// Ending a run only tightens: it needs no proof.
Result<std::string> Control::close_run(json::View request, const std::string&) {
  const auto run = text(request, "run");
  const auto reason = text(request, "reason");
  const auto by = text(request, "by");
  for (const auto* part : {&run, &reason, &by}) {
    if (!*part) return std::unexpected(part->error());
  }
  const std::string why =
      "closed by " + escape_untrusted(*by) + (reason->empty() ? "" : ": " + *reason);
  PAWL_TRY(ports_.gate.runs.close(*run, why));
  return done();
}

// So does taking back what was granted.
Result<std::string> Control::end_grant(json::View request, const std::string&) {
  const auto grant = text(request, "grant");
  const auto reason = text(request, "reason");
  const auto by = text(request, "by");
  for (const auto* part : {&grant, &reason, &by}) {
    if (!*part) return std::unexpected(part->error());
  }
  PAWL_TRY(ports_.gate.approvals.end_grant(*grant, *by, *reason));
  return done();
}

Task<Result<std::string>> Control::drill(json::View request, std::string source) {
  if (!ports_.drill) co_return fail(ErrorKind::usage, "this node tries nothing");
  PAWL_CO_TRY(acts_.authenticate(request, source));
  const std::string person(request.text("person").value_or(""));
  if (const std::string no = acts_.only_looks(person); !no.empty())
    co_return fail(ErrorKind::refused, no);
  const json::View everything = request["act"]["everything"];
  const bool all = everything.kind() == json::Kind::boolean && everything.boolean();
  co_return co_await ports_.drill(person, all);
}

Result<std::string> Control::act(json::View request, const std::string& source) {
  const json::View act = request["act"];
  if (!act.is_object()) return fail(ErrorKind::invalid, "`act` is not an object");
  PAWL_TRY(acts_.authenticate(request, source));
  return acts_.perform(std::string(request.text("person").value_or("")), "passphrase", act);
}

Task<std::string> Control::perform(std::string person, std::string proof, std::string act) {
  const auto document = json::parse(act);
  if (!document || !document->root().is_object()) {
    co_return refusal({ErrorKind::invalid, "the act is not a JSON object", {}});
  }
  auto answered = acts_.perform(person, proof, document->root());
  if (!answered) co_return refusal(answered.error());
  if (Status written = co_await durable(); !written) co_return refusal(written.error());
  co_return std::move(*answered);
}

// Lists of questions, and whether the person who asks for one may answer them.

namespace {

constexpr std::uint64_t kArgumentsReadBytesMax = 16UL << 10;  // longer ones are not looked in
constexpr std::size_t kReadForAFilter = 500;                  // questions, before it is answered
constexpr std::size_t kReadInATurn = 64;

}  // namespace

Control::Control(ControlPorts ports)
    : ports_(std::move(ports)), acts_(ports_), texts_([this](const Approval& approval) {
        const views::JudgedCall* judged = views::judged_in(ports_.activity, approval);
        const bool read = judged != nullptr && judged->args_bytes <= kArgumentsReadBytesMax;
        return read ? views::arguments_of(ports_.journal, approval).value_or("") : std::string();
      }) {}

std::string Control::row(const std::string& approval) {
  return views::approval_row_json(ports_.gate.state(), approval, ports_.clock.now(),
                                  ports_.activity, texts_);
}

Result<std::string> Control::questions(json::View request, const std::string&) {
  const json::View limit = request["limit"];
  const json::View names = request["names"];
  const std::string_view filter = request.text("filter").value_or("");
  if (filter.size() > spoken_bytes_max) return fail(ErrorKind::invalid, "`filter` is too long");
  views::QuestionsWanted wanted{.filter = std::string(filter),
                                .limit = limit.is_integer() ? limit.natural() : 0,
                                .may_not = acts_.may_not(request)};
  wanted.names = names.kind() == json::Kind::boolean && names.boolean();
  if (request["ids"].exists()) {
    auto ids = views::ids_in(request["ids"]);
    PAWL_TRY(ids);
    wanted.ids = std::move(*ids);
  }
  const State& state = ports_.gate.state();
  if (!filter.empty()) (void)texts_.read_some(state, kReadForAFilter);
  std::string list =
      views::approvals_json(state, ports_.clock.now(), ports_.activity, wanted, texts_);
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

// Before and after a card is shown: what it needs is read back, and that it was handed out is
// noted.

std::vector<std::string> cards_of(std::string_view op, json::View request) {
  if (op == "approval") {
    const auto id = request.text("id");
    return id ? std::vector{std::string(*id)} : std::vector<std::string>();
  }
  if (op == "together") return views::ids_in(request["ids"]).value_or(std::vector<std::string>());
  return {};
}

// What a card shows and the activity does not keep is read back from the journal first. Where that
// cannot be done now the card says what is missing.
Task<void> Control::remember(std::vector<std::string> ids) {
  if (ports_.activity == nullptr || !ports_.look_back) co_return;
  std::vector<views::SoughtCall> sought;
  for (const std::string& id : ids) {
    const Approval* asked = ports_.gate.state().approval(id);
    if (asked == nullptr || ports_.activity->remembers(id)) continue;
    sought.push_back({id, asked->opened});
  }
  if (sought.empty()) co_return;
  const auto found = co_await ports_.look_back(sought);
  if (!found) co_return;
  for (const views::SoughtCall& one : sought) {
    const auto decided = found->find(one.approval);
    ports_.activity->recall(one.approval, decided == found->end() ? nullptr : &decided->second);
  }
}

void Control::note_display(const std::vector<std::string>& ids, json::View request) {
  const auto person = request.text("person");
  if (ports_.activity == nullptr || !person) return;
  // Unknown names would only fill the memory.
  const std::string name(*person);
  if (!ports_.gate.state().reviewers().contains(name) && ports_.groups_of(name).empty()) return;
  for (const std::string& id : ids) {
    if (ports_.gate.state().approval(id) == nullptr) continue;
    ports_.activity->displayed(id, name, ports_.clock.now());
  }
}

}  // namespace pawl
