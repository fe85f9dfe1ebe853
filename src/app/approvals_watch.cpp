// `pawl approvals watch`: the queue as a live page in a terminal.
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/approval_card.h"
#include "app/approvals_answer.h"
#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/paths.h"
#include "app/screen.h"
#include "app/terminal.h"
#include "app/watch_page.h"
#include "base/text.h"
#include "io/net/clock.h"

namespace pawl::app {
namespace {

constexpr Duration kLookEvery = Duration::milliseconds(250);
constexpr useconds_t kLookEvery_us = 250'000;
constexpr Duration kReadCardEvery = Duration::seconds(1);
constexpr Duration kTryAgainEvery = Duration::seconds(1);
constexpr std::uint64_t kRowsMax = 500;

constexpr OptionRow kOptionsOfWatch[] = {
    {"--as", "NAME", "the reviewer who acts (default PAWL_REVIEWER or you)"},
    json_option,
    state_option,
    config_option};

// The node, as long as it is there; a new connection where it was started anew.
class QueueLink {
 public:
  QueueLink(NodeConnection node, std::string directory, std::string person)
      : node_(std::move(node)), directory_(std::move(directory)), person_(std::move(person)) {}

  NodeConnection& node() { return node_; }

  // Whether the questions are others than at the last look.
  Result<bool> changed() {
    const auto answer = ask(R"({"op":"changes"})");
    if (!answer) return std::unexpected(answer.error());
    const json::View now = answer->root()["changes"];
    const std::uint64_t seen = now.is_integer() ? now.natural() : 0;
    const bool other = !seen_ || *seen_ != seen;
    seen_ = seen;
    return other;
  }
  Result<json::Document> list(const std::string& filter) {
    json::Writer request;
    request.object().key("filter").string(filter).key("limit").natural(kRowsMax);
    request.key("op").string("approvals");
    write_asker(request, person_);
    return ask(request.end().text());
  }
  Result<json::Document> ask(std::string_view request) {
    if (lost_) {
      if (Status found = find_again(); !found) return std::unexpected(found.error());
    }
    auto answer = node_.ask(request);
    // What the node refuses it has answered.
    lost_ = !answer && (answer.error().fault == ErrorKind::io ||
                        answer.error().fault == ErrorKind::environment);
    return answer;
  }

 private:
  Status find_again() {
    const Duration now = net::boot_time();
    if (now < next_try_) return fail(ErrorKind::io, "the node does not answer");
    next_try_ = now + kTryAgainEvery;
    auto found = NodeConnection::open(directory_, control_socket);
    if (!found) return std::unexpected(found.error());
    node_ = std::move(*found);
    lost_ = false;
    seen_.reset();
    return {};
  }

  NodeConnection node_;
  std::string directory_, person_;
  std::optional<std::uint64_t> seen_;
  Duration next_try_{};
  bool lost_ = false;
};

// The page, the terminal and the node together.
class LiveQueue {
 public:
  LiveQueue(QueueLink node, std::unique_ptr<Screen> screen, std::string person)
      : node_(std::move(node)), screen_(std::move(screen)), person_(std::move(person)) {}

  void run() {
    for (;;) {
      look(false);
      screen_->draw(page_.render(screen_->size(), net::boot_time()));
      const auto key = screen_->key(kLookEvery);
      if (key && !act(page_.press(*key))) return;
    }
  }

 private:
  void look(bool anyway) {
    const auto changed = node_.changed();
    if (!changed) return page_.say(escape_untrusted(changed.error().message));
    const Duration now = net::boot_time();
    if (!*changed && !anyway) {
      // The time that is left stands on the card.
      if (!page_.wanted().empty() && now.ns - read_at_.ns >= kReadCardEvery.ns) open();
      return;
    }
    const auto list = node_.list(page_.filter());
    if (!list) return page_.say(escape_untrusted(list.error().message));
    page_.set_list(list->root(), net::boot_time());
    if (!page_.wanted().empty()) open();
  }

  // Reads the card anew: what is answered is what is shown.
  void open() {
    auto shown = page_.wanted().size() == 1 ? one() : several();
    if (!shown) {
      page_.close_card();
      return page_.say(escape_untrusted(shown.error().message));
    }
    card_ = std::move(*shown);
    read_at_ = net::boot_time();
    const json::View what = view();
    std::string digest(what.text("shown").value_or(""));
    digest += page_.whole() ? " whole" : "";
    page_.set_card(page_.wanted().size() == 1 ? card_lines(what) : together_lines(what),
                   page_.wanted().front() + " " + digest);
  }
  Result<json::Document> one() {
    json::Writer request;
    request.object().key("full").boolean(page_.whole()).key("id").string(page_.wanted().front());
    request.key("op").string("approval");
    write_asker(request, person_);
    return node_.ask(request.end().text());
  }
  Result<json::Document> several() {
    return questions_together(node_.node(), page_.wanted(), page_.whole(), person_);
  }
  json::View view() const {
    return card_.root()[page_.wanted().size() == 1 ? "approval" : "together"];
  }

  bool act(WatchPage::Act what) {
    switch (what) {
      case WatchPage::Act::nothing:
        return true;
      case WatchPage::Act::quit:
        return false;
      case WatchPage::Act::list:
        look(true);
        return true;
      case WatchPage::Act::open:
        open();
        return true;
      case WatchPage::Act::approve:
        tell(with_person([this] { return decide(true); }), "approved");
        return true;
      case WatchPage::Act::reject:
        tell(with_person([this] { return decide(false); }), "rejected");
        return true;
      case WatchPage::Act::ask:
        tell(with_person([this] { return ask_agent(); }), "the agent is asked");
        return true;
      case WatchPage::Act::pass_on:
        tell(with_person([this] { return pass_on(); }), "passed on");
        return true;
    }
    return true;
  }

  // Below the card, with the terminal as a person's other commands have it.
  template <class Work>
  Status with_person(Work work) {
    screen_->pause();
    Status done = work();
    screen_->go_on();
    return done;
  }
  void tell(const Status& done, std::string_view what) {
    if (!done) {
      open();
      return page_.say(escape_untrusted(done.error().message));
    }
    const std::string about = page_.wanted().size() == 1
                                  ? page_.wanted().front()
                                  : fmt::format("{} questions", page_.wanted().size());
    const bool over = what == "approved" || what == "rejected";
    if (over) page_.close_card();
    look(true);
    page_.say(fmt::format("{}: {} by {}", about, what, escape_untrusted(person_)));
    if (const std::string wrong = std::exchange(measured_, {}); !wrong.empty()) {
      page_.say(about + " was asked to see whether people read; it ought to be denied: " + wrong);
    }
  }

  Result<std::string> reason(bool approve) {
    return app::ask(approve ? "a reason, if you want to give one:"
                            : "why, for the agent (may be empty):");
  }
  Status decide(bool approve) {
    const json::View what = view();
    const bool single = page_.wanted().size() == 1;
    std::string typed;
    if (single && approve) {
      if (Status whole = approvable(what); !whole) return whole;
      if (card_flag(what, "typed")) {
        auto given = ask_what_to_type(what);
        if (!given) return std::unexpected(given.error());
        typed = std::move(*given);
      }
    }
    auto why = reason(approve);
    if (!why) return std::unexpected(why.error());
    const Deciding how{.approve = approve, .person = person_, .reason = std::move(*why)};
    const auto done = single ? send_answer(node_.node(), how, what, typed)
                             : send_answers(node_.node(), how, what);
    if (!done) return std::unexpected(done.error());
    measured_ = card_word(done->root(), "vigilance");
    return {};
  }
  Status ask_agent() {
    const auto text = app::ask("what do you ask the agent?");
    if (!text) return std::unexpected(text.error());
    json::Writer act_text;
    act_text.object().key("approval").string(page_.wanted().front()).key("kind").string("ask");
    act_text.key("text").string(*text).end();
    const auto done = app::act(node_.node(), person_, act_text.text());
    return done ? Status{} : std::unexpected(done.error());
  }
  Status pass_on() {
    const auto to = app::ask("to which person or group?");
    if (!to) return std::unexpected(to.error());
    const auto why = app::ask("why (may be empty):");
    if (!why) return std::unexpected(why.error());
    json::Writer act_text;
    act_text.object().key("approval").string(page_.wanted().front()).key("kind").string("pass");
    act_text.key("reason").string(*why).key("to").string(*to).end();
    const auto done = app::act(node_.node(), person_, act_text.text());
    return done ? Status{} : std::unexpected(done.error());
  }

  QueueLink node_;
  std::unique_ptr<Screen> screen_;
  std::string person_;
  std::string measured_;  // why what was answered last ought to be denied, where it only measured
  WatchPage page_;
  json::Document card_;
  Duration read_at_{};
};

// For programs: the list as a line whenever it changes.
int print_changes(QueueLink node) {
  for (;;) {
    const auto changed = node.changed();
    if (!changed) return complain(changed.error());
    if (*changed) {
      const auto list = node.list({});
      if (!list) return complain(list.error());
      json::Writer line;
      line.object().key("approvals").value(list->root()["approvals"]);
      out(line.key("matching").value(list->root()["matching"]).end().text());
    }
    (void)::usleep(kLookEvery_us);
  }
}

int watch(const Arguments& arguments) {
  const auto directory = state_directory(arguments);
  if (!directory) return complain(directory.error());
  auto node = control(arguments);
  if (!node) return complain(node.error());
  const std::string person = looking_person(*node, arguments);
  QueueLink watched(std::move(*node), *directory, person);
  if (arguments.has("--json")) return print_changes(std::move(watched));
  auto screen = Screen::open();
  if (!screen) return complain(screen.error());
  LiveQueue(std::move(watched), std::move(*screen), person).run();
  return exit_good;
}

}  // namespace

extern const CommandRow approvals_watch_command = {
    "approvals watch",
    "run",
    "shows the calls that wait for a person as a live list with keys",
    kOptionsOfWatch,
    {},
    watch,
    "Enter opens a question: the card that `approvals show` prints. There `a` approves and `d` "
    "rejects, `s` asks the agent, `p` passes the question on. It is approved only after all of the "
    "card was on the screen, and each answer asks for the passphrase. Space marks several "
    "questions "
    "in the list, which enter opens as one card with what their calls would take together. `/` "
    "filters over all questions. With `--json` the list is printed as a line whenever it changes."};

}  // namespace pawl::app
