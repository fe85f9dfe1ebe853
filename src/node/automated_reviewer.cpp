#include "node/automated_reviewer.h"

#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"
#include "base/text.h"
#include "gate/gate.h"
#include "io/broker/broker.h"
#include "io/http/client.h"
#include "io/journal/journal.h"
#include "io/net/child.h"
#include "io/net/clock.h"
#include "io/net/pipe.h"
#include "io/notify/messages.h"
#include "io/notify/reviewer_answer.h"
#include "kernel/deployment/deployment.h"
#include "node/common/log.h"
#include "views/activity.h"
#include "views/cards.h"

namespace pawl::node {
namespace {

constexpr std::size_t reviewer_message_id_bytes = 16;
constexpr std::size_t consulted_at_once_max = 8;
constexpr std::size_t waiting_max = 1024;
constexpr std::size_t asked_max = 4096;  // remembered; then those that are over are forgotten

// What a question came to be: the text of the card, and what an answer has to repeat.
struct GivenQuestion {
  std::string text, approval, binding, shown;
};

// One line of a program's output, and that there was no second one.
struct Said {
  std::string line;
  std::size_t lines = 0;
  Completion<Status> done;

  void hear(std::string_view text) {
    ++lines;
    line = text;
  }
};

net::LineEvents events_of(const std::shared_ptr<Said>& said) {
  return {.line = [said](std::string_view line) { said->hear(line); },
          .overlong = [said](std::string_view) { said->lines += 2; },
          .batch = {},
          .end =
              [said](const net::StreamEnd& end) {
                if (end.partial_bytes > end.partial.size()) said->lines += 2;
                if (!end.partial.empty()) said->hear(end.partial);
                said->done.deliver(end.error ? fail(ErrorKind::io, "its output cannot be read")
                                             : Status{});
              }};
}

std::vector<std::string> own_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return environment;
}

Task<Result<std::string>> consult_program(net::Loop& loop, AutomaticReviewer how,
                                          std::string text) {
  net::ChildSpec spec;
  spec.command = how.command;
  spec.environment = own_environment();
  spec.error_output = net::ErrorOutput::inherit;
  auto started = net::start(spec);
  PAWL_CO_TRY(started);
  net::Child child(loop, std::move(*started));
  const auto said = std::make_shared<Said>();
  net::LineReader reader(loop, std::move(child.output), events_of(said),
                         notify::reviewer_answer_bytes_max);
  net::LineWriter writer(loop, std::move(child.input));
  (void)writer.send(std::move(text));
  writer.finish();
  const auto timer = loop.after(how.within, [&child, said] {
    child.kill();
    said->done.deliver(fail(ErrorKind::environment, "it did not answer in time"));
  });
  const Status heard = co_await said->done;
  PAWL_CO_TRY(heard);
  const net::Exit exit = co_await child.ended();
  if (!exit.success()) co_return fail(ErrorKind::environment, "it ended: " + net::to_string(exit));
  if (said->lines != 1) co_return fail(ErrorKind::invalid, "it did not say exactly one line");
  co_return said->line;
}

}  // namespace

struct AutomatedReviewers::Impl : std::enable_shared_from_this<AutomatedReviewers::Impl> {
  Impl(net::Loop& loop_in, std::shared_ptr<broker::Broker> broker_in)
      : loop(loop_in), broker(std::move(broker_in)) {}

  std::shared_ptr<http::Client> client_of(const ReachedHost& at) {
    const bool bare = at.host.find(':') == std::string::npos;
    const std::string where =
        fmt::format("{}{}{}:{}", bare ? "" : "[", at.host, bare ? "" : "]", at.port);
    http::ClientOptions options;
    (at.own_network ? options.reach.private_hosts : options.reach.hosts) = {where};
    if (!at.ca.empty()) options.ca_file = (std::filesystem::path(directory) / at.ca).string();
    options.user_agent = "pawl/" PAWL_VERSION;
    return std::make_shared<http::Client>(loop, std::move(options));
  }

  Task<Result<std::string>> ask_address(AutomaticReviewer how, std::string text) {
    const auto client = client_of(how.webhook->at);
    const auto secret = co_await broker->secret(how.webhook->secret);
    PAWL_CO_TRY(secret);
    const std::string id = "msg_" + hex(random_bytes(reviewer_message_id_bytes));
    auto ask = notify::signed_post(how.webhook->at.url, *secret, id, net::wall_time(), text);
    PAWL_CO_TRY(ask);
    ask->deadline = how.within;
    ask->body_bytes_max = notify::reviewer_answer_bytes_max;
    auto answer = co_await client->fetch(std::move(*ask));
    PAWL_CO_TRY(answer);
    if (answer->status != 200) {
      co_return fail(ErrorKind::environment, fmt::format("it answered {}", answer->status));
    }
    co_return std::move(answer->body);
  }

  // Nothing where there is nothing that could be answered: it is over, or cannot be shown whole.
  std::optional<GivenQuestion> question(const std::string& approval) const {
    if (gate == nullptr || journal == nullptr) return std::nullopt;
    const Approval* asked = gate->state().approval(approval);
    if (asked == nullptr || asked->phase != ApprovalPhase::open) return std::nullopt;
    const auto policy = gate->runs.policy_of(asked->asked.run);
    auto text = views::approval_json(gate->state(), *journal, approval, net::wall_time(), true,
                                     {.policy = policy.get()});
    if (!text) return std::nullopt;
    const auto document = json::parse(*text);
    if (!document) return std::nullopt;
    const std::string shown(document->root()["approval"].text("shown").value_or(""));
    if (shown.empty()) return std::nullopt;
    return GivenQuestion{std::move(*text), approval, asked->binding(), shown};
  }

  void note(const std::string& person, const std::string& approval, const std::string& why) {
    log_line(fmt::format("the reviewer `{}` gave no answer to {}: {}", escape_untrusted(person),
                         approval, escape_untrusted(why)),
             LogLevel::warning);
    if (gate == nullptr) return;
    const Approval* asked = gate->state().approval(approval);
    (void)gate->alerts.note(asked == nullptr ? std::string() : asked->asked.run, "no answer",
                            fmt::format("`{}` to {}: {}", person, approval, why));
  }

  Task<void> consult(std::string person, std::vector<std::string> groups, AutomaticReviewer how,
                     GivenQuestion given) {
    const auto self = shared_from_this();
    const auto said = how.webhook ? co_await ask_address(how, given.text)
                                  : co_await consult_program(loop, how, given.text);
    if (gate == nullptr) co_return;
    if (!said) co_return note(person, given.approval, said.error().message);
    const auto answer = notify::read_reviewer_answer(*said, given.approval, given.binding);
    if (!answer) co_return note(person, given.approval, answer.error().message);
    const Approval* asked = gate->state().approval(given.approval);
    if (asked == nullptr || asked->phase != ApprovalPhase::open) co_return;
    if (asked->binding() != given.binding) {
      co_return note(person, given.approval, "the approval request was changed meanwhile");
    }
    const Status answered =
        gate->approvals.answer(given.approval, person, groups, answer->approve, answer->reason,
                               std::string(automatic_proof), given.shown);
    if (!answered) note(person, given.approval, answered.error().message);
  }

  std::vector<std::string> groups_of(const std::string& person) const {
    std::vector<std::string> groups = deployment.people.at(person).groups;
    for (const auto& [group, persons] : deployment.groups) {
      const bool member = std::ranges::find(persons, person) != persons.end();
      const bool known = std::ranges::find(groups, group) != groups.end();
      if (member && !known) groups.push_back(group);
    }
    return groups;
  }

  void ask(const std::string& approval) {
    if (gate == nullptr) return;
    const Approval* asked = gate->state().approval(approval);
    if (asked == nullptr) return;
    if (is_vigilance(gate->state(), asked->asked.run)) return;  // it is people that are measured
    const auto& named = asked->asked.terms->reviewers;
    const std::set<std::string> may =
        deployment.persons(named.empty() ? deployment.default_reviewers : named);
    for (const std::string& person : may) {
      const auto known = deployment.people.find(person);
      if (known == deployment.people.end() || !known->second.automatic) continue;
      if (!asked_of.insert(approval + "\n" + asked->binding() + "\n" + person).second) continue;
      if (waiting.size() >= waiting_max) {
        note(person, approval,
             fmt::format("{} approval requests wait for programs already", waiting_max));
        continue;
      }
      waiting.push_back({person, approval, *known->second.automatic, net::boot_time()});
    }
    forget_what_is_over();
    begin();
  }

  void begin() {
    while (consulted < consulted_at_once_max && !waiting.empty()) {
      Consulting next = std::move(waiting.front());
      waiting.pop_front();
      // The time in which it has to answer began with the question, not with its turn.
      next.how.within.ns -= net::boot_time().ns - next.since.ns;
      if (next.how.within.ns <= 0) {
        note(next.person, next.approval, "its turn did not come in time");
        continue;
      }
      const auto listed = deployment.people.find(next.person);
      auto what = question(next.approval);
      if (!what || listed == deployment.people.end()) continue;
      ++consulted;
      std::vector<std::string> groups = groups_of(next.person);
      spawn(
          consult(std::move(next.person), std::move(groups), std::move(next.how), std::move(*what)),
          [self = shared_from_this()] {
            --self->consulted;
            if (self->gate != nullptr) self->begin();
          });
    }
  }

  void forget_what_is_over() {
    if (asked_of.size() <= asked_max) return;
    std::erase_if(asked_of, [this](const std::string& one) {
      const Approval* asked = gate->state().approval(one.substr(0, one.find('\n')));
      return asked == nullptr || asked->phase != ApprovalPhase::open;
    });
  }

  net::Loop& loop;
  std::shared_ptr<broker::Broker> broker;
  Gate* gate = nullptr;
  Journal* journal = nullptr;
  Deployment deployment;
  std::string directory;
  std::set<std::string> asked_of;  // question, what it is about, reviewer
  struct Consulting {
    std::string person, approval;
    AutomaticReviewer how;
    Duration since;  // boot
  };
  std::deque<Consulting> waiting;
  std::size_t consulted = 0;
};

AutomatedReviewers::AutomatedReviewers(net::Loop& loop, std::shared_ptr<broker::Broker> broker)
    : room_(std::make_shared<Impl>(loop, std::move(broker))) {}

AutomatedReviewers::~AutomatedReviewers() {
  room_->gate = nullptr;
}

void AutomatedReviewers::use(Gate* gate, Journal* journal) {
  room_->gate = gate;
  room_->journal = journal;
}

void AutomatedReviewers::use(const Deployment& deployment, const std::string& directory) {
  room_->deployment = deployment;
  room_->directory = directory;
}

void AutomatedReviewers::ask(const std::string& approval) {
  // The record of the question is being written at this moment.
  room_->loop.post([weak = std::weak_ptr(room_), approval] {
    if (const auto room = weak.lock()) room->ask(approval);
  });
}

void AutomatedReviewers::ask_open() {
  const bool any = std::ranges::any_of(room_->deployment.people, [](const auto& person) {
    return person.second.automatic.has_value();
  });
  if (!any || room_->gate == nullptr) return;
  for (const auto& [id, approval] : room_->gate->state().approvals()) {
    if (approval.phase == ApprovalPhase::open) ask(id);
  }
}

}  // namespace pawl::node
