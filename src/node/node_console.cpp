// People with a browser: the console of a node, opened with it or when somebody asks for it.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "io/approvals/ways.h"
#include "node/node_impl.h"
#include "node/policy_views.h"
#include "views/cards.h"

namespace pawl::node {

Status Node::open_console() {
  const Deployment::Listen* listen = deployment_.listen ? &*deployment_.listen : nullptr;
  Deployment::Address where;
  where.host = "127.0.0.1";
  if (listen != nullptr && !listen->console.none()) where = listen->console;
  auto door = std::make_unique<console::Console>(console::ConsolePorts{
      .loop = loop_,
      .boot = [this] { return clock_->boot(); },
      .now = [this] { return clock_->now(); },
      .random = random_bytes,
      .node = journal_->public_key(),
      .person = [this](const std::string& person) { return reviewers_->known_person(person); },
      .owner_of_passkey = [this](std::string_view id) { return reviewers_->owner_of_passkey(id); },
      .provider = [this] { return deployment_.provider ? deployment_.provider->at.host : ""; },
      .provider_address =
          [this](console::ProviderSignIn asked) {
            return reviewers_->provider_address(std::move(asked));
          },
      .provider_redeem =
          [this](console::ProviderSignIn asked, std::string code, std::string issuer) {
            return reviewers_->provider_redeem(std::move(asked), std::move(code),
                                               std::move(issuer));
          },
      .ask = [this](std::string request) { return console_asks(std::move(request)); },
      .act =
          [this](std::string person, std::string proof, std::string act) {
            return control_->perform(std::move(person), std::move(proof), std::move(act));
          },
      .row = [this](const std::string& approval) { return control_->row(approval); },
      .on_record =
          [this](std::function<void(const Record&)> told) {
            return gate_->on_record(std::move(told));
          },
      .note = [this](const std::string& topic,
                     const std::string& text) { note_refusal(topic, text); }});
  auto listener = std::make_unique<ConsoleListener>(
      loop_, [this](http::Request request, http::Responder responder) {
        console_->serve(std::move(request), std::move(responder));
      });
  if (Status opened = listener->listen(where, listen, config_directory_); !opened) return opened;
  door->listens_on(listener->port());
  console_ = std::move(door);
  console_listener_ = std::move(listener);
  log_line("console at " + console_listener_->address());
  return {};
}

// Roles of the deployment file, and others that runs have.
std::string Node::policies_in_force() {
  std::map<std::string, std::shared_ptr<const Policy>> found;
  for (const auto& [id, run] : gate_->state().runs()) {
    if (run.phase == RunPhase::closed) continue;
    if (auto policy = gate_->runs.policy_of(id)) found[run.agent] = std::move(policy);
  }
  if (options_.serves) {
    for (const auto& [role, row] : deployment_.roles) {
      if (auto governs = policies_->policy_for(role); governs.policy) {
        found[governs.policy->agent] = governs.policy;
      }
    }
  }
  json::Writer out;
  out.object().key("ok").boolean(true).key("roles").array();
  const std::vector<WaitingPolicy> waiting = gate_->policies.waiting_policies();
  for (const auto& [agent, policy] : found) {
    write_policy(out, *policy, deployment_, waiting, clock_->now());
  }
  return out.end().end().take();
}

namespace {

AuditFilter wanted_records(json::View request, Instant now) {
  const auto member = [request](std::string_view name) {
    return std::string(request.text(name).value_or(""));
  };
  AuditFilter filter;
  filter.run = member("run");
  filter.tool = member("tool");
  filter.agent = member("agent");
  filter.effect = member("effect");
  filter.since = moment_of(member("since"), now);
  return filter;
}

}  // namespace

// The control door, and what takes files to answer.
Task<std::string> Node::console_asks(std::string request) {
  const auto document = json::parse(request);
  const std::string op(document ? document->root().text("op").value_or("") : "");
  if (op == "policies") co_return policies_in_force();
  if (op == "journal_proof") co_return co_await journal_desk_->prove();
  if (op == "journal") {
    co_return co_await journal_desk_->search(wanted_records(document->root(), clock_->now()));
  }
  co_return co_await control_->answer(std::move(request));
}

// Recovery reads what the node's state comes from: not what lies before the snapshot, and no old
// payload. So the whole journal is looked at beside the loop, at the start and when people ask.
Task<void> Node::look_at_journal() {
  if (std::exchange(looking_at_journal_, true)) co_return;
  (void)co_await journal_desk_->damage();
  looking_at_journal_ = false;
}

Task<std::string> Node::journal_damage(bool now) {
  constexpr std::uint64_t records_soon_read = 500'000;
  if (now && journal_->next() <= records_soon_read) co_return co_await journal_desk_->damage();
  if (now) spawn(look_at_journal());
  co_return journal_desk_->known_damage();
}

// What is granted goes on: the state is what was recovered, and from a snapshot that was signed.
void Node::say_damage(const std::string& damage) {
  log_line("warning: " + damage);
  gate_->alerts.escalate({}, "journal_damaged", damage);
}

// For whoever asks over the control socket, which is the user's own.
Result<std::string> Node::console_address() {
  if (!console_) {
    if (ending_) return fail(ErrorKind::environment, "the node ends");
    if (Status opened = open_console(); !opened) return std::unexpected(opened.error());
  }
  return console_listener_->address();
}

void Node::reload_console() {
  if (!console_) return;
  console_->look_again();
  if (Status certificate = console_listener_->reload(); !certificate) {
    log_line("the console's certificate stays as it was: " + to_string(certificate.error()));
  }
}

// Before the gate goes: pages are told, and whoever signs in is answered.
void Node::close_console() {
  if (console_) console_->finish();
  if (reviewers_) reviewers_->finish();
  console_listener_.reset();
  console_.reset();
}

}  // namespace pawl::node
