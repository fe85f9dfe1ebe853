#include "app/cli/approvals_watch.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/cli/approval_card.h"
#include "app/cli/commands.h"
#include "app/common/client.h"
#include "app/common/command.h"
#include "app/terminal/layout.h"
#include "app/terminal/screen.h"
#include "app/terminal/terminal.h"
#include "base/text.h"
#include "base/utf8.h"
#include "io/net/clock.h"
#include "node/files/config_files.h"

namespace pawl::app {

namespace {

constexpr std::size_t kFilterBytesMax = 200;
constexpr std::size_t kIdColumns = 11;
constexpr std::size_t kClassColumnsMax = 32, kToolColumnsMax = 28, kAgentColumnsMax = 18;
constexpr std::size_t kPeopleColumns = 7, kTimeColumns = 8;
constexpr std::size_t kFootRows = 2;
constexpr std::size_t kHeadRows = 2;
constexpr Duration kSoon = Duration::seconds(60);

constexpr std::string_view kKeysOfList =
    "enter read  x mark  / filter  j k move  q quit   (answers are given on the card)";
constexpr std::string_view kKeysOfCard =
    "a approve  d deny  c ask the agent  h pass on  f whole  j k scroll  q back";
constexpr std::string_view kKeysOfSeveral =
    "a approve all  d deny all  f whole  j k scroll  q back";

std::string padded(std::string_view text, std::size_t wide) {
  std::string cut = cut_line(text, wide);
  const std::size_t used = shown_columns(cut);
  if (used < wide) cut.append(wide - used, ' ');
  return cut;
}

bool is(const Key& key, std::string_view text) {
  return key.kind == Key::Kind::text && key.text == text;
}

bool goes_down(const Key& key) {
  return key.kind == Key::Kind::down || is(key, "j");
}
bool goes_up(const Key& key) {
  return key.kind == Key::Kind::up || is(key, "k");
}
bool leaves(const Key& key) {
  return key.kind == Key::Kind::escape || is(key, "q");
}

// `edit app.conf  (path /srv/app.conf, …)`, or why a person is asked.
std::string about_of(json::View question) {
  const std::string wants = card_word(question, "wants");
  const std::string summary = card_word(question, "summary");
  if (wants.empty() && summary.empty()) return card_word(question, "why");
  if (wants.empty() || summary.empty()) return wants + summary;
  return wants + "  (" + summary + ")";
}

void fill_page(std::vector<std::string>& lines, std::size_t rows) {
  while (lines.size() < rows) lines.emplace_back();
  lines.resize(rows);
}

}  // namespace

void WatchPage::set_list(json::View answer, Duration now) {
  rows_.clear();
  for (json::View question : answer["approvals"].elements()) {
    const json::View left = question["left_ms"];
    const std::int64_t left_ms = left.is_integer() ? left.integer() : 0;
    rows_.push_back({card_word(question, "approval"), card_word(question, "class"),
                     card_word(question, "tool"), card_word(question, "agent"), people_of(question),
                     state_of(question), about_of(question), may_not_of(question),
                     now + Duration::milliseconds(left_ms)});
  }
  wide_ = {};
  for (const WatchRow& row : rows_) {
    wide_.risk = std::clamp(columns(row.risk), wide_.risk, kClassColumnsMax);
    wide_.tool = std::clamp(columns(row.tool), wide_.tool, kToolColumnsMax);
    wide_.agent = std::clamp(columns(row.agent), wide_.agent, kAgentColumnsMax);
  }
  matching_ = answer["matching"].exists() ? answer["matching"].natural() : rows_.size();
  std::set<std::string> there;
  for (const WatchRow& row : rows_) there.insert(row.id);
  std::erase_if(marked_, [&there](const std::string& id) { return !there.contains(id); });
  const auto same = std::ranges::find(rows_, selected_, &WatchRow::id);
  if (same != rows_.end()) at_ = static_cast<std::size_t>(same - rows_.begin());
  move(0);
}

void WatchPage::set_card(std::vector<std::string> lines, std::string digest) {
  if (digest != card_digest_) {
    card_top_ = 0;
    shown_to_ = 0;
  }
  card_digest_ = std::move(digest);
  card_ = std::move(lines);
  changed_ = true;
}

void WatchPage::close_card() {
  wanted_.clear();
  card_.clear();
  folded_.clear();
  card_digest_.clear();
  folded_for_ = card_top_ = shown_to_ = 0;
  whole_ = false;
}

WatchPage::Act WatchPage::press(const Key& key) {
  if (key.kind == Key::Kind::interrupt || key.kind == Key::Kind::gone) return Act::quit;
  if (key.kind == Key::Kind::resized) return Act::nothing;
  message_.clear();
  if (filtering_) return press_in_filter(key);
  return wanted_.empty() ? press_in_list(key) : press_in_card(key);
}

void WatchPage::move(std::ptrdiff_t by) {
  const auto last = static_cast<std::ptrdiff_t>(rows_.size()) - 1;
  const auto to = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(at_) + by, 0,
                                             std::max<std::ptrdiff_t>(last, 0));
  at_ = static_cast<std::size_t>(to);
  selected_ = at_ < rows_.size() ? rows_[at_].id : std::string();
}

void WatchPage::toggle_mark() {
  if (selected_.empty()) return;
  if (marked_.erase(selected_) == 0) marked_.insert(selected_);
  move(1);
}

WatchPage::Act WatchPage::press_in_list(const Key& key) {
  const auto page = static_cast<std::ptrdiff_t>(page_);
  const auto all = static_cast<std::ptrdiff_t>(rows_.size());
  if (leaves(key)) {
    if (key.kind != Key::Kind::escape || (filter_.empty() && marked_.empty())) return Act::quit;
    marked_.clear();
    filter_.clear();
    return Act::list;
  }
  if (goes_down(key)) move(1);
  if (goes_up(key)) move(-1);
  if (key.kind == Key::Kind::page_down) move(page);
  if (key.kind == Key::Kind::page_up) move(-page);
  if (key.kind == Key::Kind::home) move(-all);
  if (key.kind == Key::Kind::end) move(all);
  if (is(key, "x") || is(key, " ")) toggle_mark();
  if (is(key, "/")) filtering_ = true;
  if ((key.kind != Key::Kind::enter && !is(key, "o")) || selected_.empty()) return Act::nothing;
  wanted_.assign(marked_.begin(), marked_.end());
  if (wanted_.empty()) wanted_.push_back(selected_);
  return Act::open;
}

void WatchPage::scroll(std::ptrdiff_t by) {
  const auto last =
      static_cast<std::ptrdiff_t>(folded_.size() > page_ ? folded_.size() - page_ : 0);
  card_top_ = static_cast<std::size_t>(
      std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(card_top_) + by, 0, last));
}

WatchPage::Act WatchPage::press_in_card(const Key& key) {
  const auto page = static_cast<std::ptrdiff_t>(page_);
  if (leaves(key)) {
    close_card();
    return Act::list;
  }
  if (goes_down(key)) scroll(1);
  if (goes_up(key)) scroll(-1);
  if (key.kind == Key::Kind::page_down || is(key, " ")) scroll(page);
  if (key.kind == Key::Kind::page_up) scroll(-page);
  if (key.kind == Key::Kind::home) scroll(-static_cast<std::ptrdiff_t>(folded_.size()));
  if (key.kind == Key::Kind::end) scroll(static_cast<std::ptrdiff_t>(folded_.size()));
  if (is(key, "f")) {
    whole_ = !whole_;
    return Act::open;
  }
  if (is(key, "d")) return Act::reject;
  if (is(key, "a")) {
    if (read_to_the_end()) return Act::approve;
    say("read all of it first: some of it was not on the screen yet");
  }
  if (wanted_.size() != 1) return Act::nothing;
  if (is(key, "c")) return Act::ask;
  return is(key, "h") ? Act::pass_on : Act::nothing;
}

WatchPage::Act WatchPage::press_in_filter(const Key& key) {
  if (key.kind == Key::Kind::enter) {
    filtering_ = false;
  } else if (key.kind == Key::Kind::escape) {
    filtering_ = false;
    filter_.clear();
  } else if (key.kind == Key::Kind::erase) {
    utf8::erase_last(filter_);
  } else if (key.kind == Key::Kind::text && filter_.size() < kFilterBytesMax) {
    filter_ += key.text;
  } else {
    return Act::nothing;
  }
  return Act::list;
}

std::string WatchPage::row_text(const WatchRow& row, bool selected, Duration now) const {
  const Duration left{std::max<std::int64_t>(0, row.ends.ns - now.ns)};
  const std::string time = to_string(Duration::seconds(left.ns / 1'000'000'000));
  const bool grave = row.risk.starts_with("irrev");
  std::string text = marked_.contains(row.id) ? "* " : "  ";
  text += padded(row.id, kIdColumns) + " ";
  text += paint(grave ? Ink::bad : Ink::warn, padded(row.risk, wide_.risk)) + " ";
  text += padded(row.tool, wide_.tool) + " " + padded(row.agent, wide_.agent) + " ";
  text += padded(row.people, kPeopleColumns) + " ";
  text += paint(left < kSoon ? Ink::bad : Ink::plain, padded(time, kTimeColumns)) + " ";
  text += row.state == "open" ? "" : row.state + "  ";
  text += row.may_not.empty() ? row.why : paint(Ink::dim, "(" + row.may_not + ")  ") + row.why;
  return selected ? paint(Ink::strong, "> ") + text : "  " + text;
}

std::vector<std::string> WatchPage::render_list(Screen::Size size, Duration now) {
  page_ = size.rows > kHeadRows + kFootRows ? size.rows - kHeadRows - kFootRows : 1;
  if (at_ < top_) top_ = at_;
  if (at_ >= top_ + page_) top_ = at_ - page_ + 1;
  std::vector<std::string> lines;
  std::string head = fmt::format("{} wait for a person", matching_);
  if (rows_.size() < matching_) head += fmt::format(", the first {} are here", rows_.size());
  if (!marked_.empty()) head += fmt::format("   {} marked", marked_.size());
  if (filtering_ || !filter_.empty()) {
    head += "   filter: " + escape_untrusted(filter_) + (filtering_ ? "_" : "");
  }
  lines.push_back(paint(Ink::strong, head));
  lines.push_back(
      paint(Ink::dim, "    " + padded("request", kIdColumns) + " " + padded("class", wide_.risk) +
                          " " + padded("tool", wide_.tool) + " " + padded("agent", wide_.agent) +
                          " " + padded("people", kPeopleColumns) + " " +
                          padded("left", kTimeColumns) + " about"));
  for (std::size_t i = top_; i < std::min(rows_.size(), top_ + page_); ++i) {
    lines.push_back(row_text(rows_[i], i == at_, now));
  }
  if (rows_.empty()) lines.emplace_back(filter_.empty() ? "  nothing waits" : "  nothing matches");
  return lines;
}

std::vector<std::string> WatchPage::render_card(Screen::Size size) {
  page_ = size.rows > kFootRows ? size.rows - kFootRows : 1;
  if (folded_for_ != size.columns) shown_to_ = 0;  // other lines than those that were there
  if (folded_for_ != size.columns || changed_) {
    folded_.clear();
    for (const std::string& line : card_) {
      for (std::string& piece : fold_line(line, size.columns)) folded_.push_back(std::move(piece));
    }
    folded_for_ = size.columns;
    changed_ = false;
  }
  scroll(0);
  std::vector<std::string> lines;
  for (std::size_t i = card_top_; i < std::min(folded_.size(), card_top_ + page_); ++i) {
    lines.push_back(folded_[i]);
  }
  if (card_top_ <= shown_to_) shown_to_ = std::max(shown_to_, card_top_ + lines.size());
  return lines;
}

std::vector<std::string> WatchPage::render(Screen::Size size, Duration now) {
  const bool list = wanted_.empty();
  std::vector<std::string> lines = list ? render_list(size, now) : render_card(size);
  fill_page(lines, size.rows > kFootRows ? size.rows - kFootRows : 1);
  const bool more = !list && card_top_ + page_ < folded_.size();
  lines.push_back(message_.empty() ? (more ? paint(Ink::dim, "… more below") : std::string())
                                   : paint(Ink::warn, message_));
  lines.push_back(paint(Ink::dim, filtering_            ? "enter keep  escape drop"
                                  : list                ? kKeysOfList
                                  : wanted_.size() == 1 ? kKeysOfCard
                                                        : kKeysOfSeveral));
  return lines;
}

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

// The node, as long as it is there; a new connection where it was restarted.
class QueueLink {
 public:
  QueueLink(NodeConnection node, std::string directory, std::string person)
      : node_(std::move(node)), directory_(std::move(directory)), person_(std::move(person)) {}

  NodeConnection& node() { return node_; }

  // Whether the questions are others than at the last look.
  Result<bool> changed() {
    const auto answer = ask(R"({"op":"changes"})");
    PAWL_TRY(answer);
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
      PAWL_TRY(find_again());
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
    auto found = NodeConnection::open(directory_, node::control_socket);
    PAWL_TRY(found);
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

  // Reads the card again: what is answered is what is shown.
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
        tell(with_person([this] { return decide(false); }), "denied");
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
                                  : fmt::format("{} approval requests", page_.wanted().size());
    const bool over = what == "approved" || what == "denied";
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
      PAWL_TRY(approvable(what));
      if (card_flag(what, "typed")) {
        auto given = ask_what_to_type(what);
        PAWL_TRY(given);
        typed = std::move(*given);
      }
    }
    auto why = reason(approve);
    PAWL_TRY(why);
    const Deciding how{.approve = approve, .person = person_, .reason = std::move(*why)};
    const auto done = single ? send_answer(node_.node(), how, what, typed)
                             : send_answers(node_.node(), how, what);
    PAWL_TRY(done);
    measured_ = card_word(done->root(), "vigilance");
    return {};
  }
  Status ask_agent() {
    const auto text = app::ask("what do you ask the agent?");
    PAWL_TRY(text);
    json::Writer act_text;
    act_text.object().key("approval").string(page_.wanted().front()).key("kind").string("ask");
    act_text.key("text").string(*text).end();
    const auto done = app::act(node_.node(), person_, act_text.text());
    PAWL_TRY(done);
    return {};
  }
  Status pass_on() {
    const auto to = app::ask("to which person or group?");
    PAWL_TRY(to);
    const auto why = app::ask("why (may be empty):");
    PAWL_TRY(why);
    json::Writer act_text;
    act_text.object().key("approval").string(page_.wanted().front()).key("kind").string("pass");
    act_text.key("reason").string(*why).key("to").string(*to).end();
    const auto done = app::act(node_.node(), person_, act_text.text());
    PAWL_TRY(done);
    return {};
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
    "Keys are those of the console. Enter or `o` opens an approval request: the card that "
    "`approvals show` "
    "prints. There `a` approves and `d` denies, `c` asks the agent, `h` hands the approval request "
    "over, "
    "`f` shows all of it. It is approved only after all of the "
    "card was on the screen, and each answer asks for the passphrase. `x` or space marks several "
    "approval requests "
    "in the list, which enter opens as one card with what their calls would take together. `/` "
    "filters over all approval requests. With `--json` the list is printed as a line whenever it "
    "changes."};

}  // namespace pawl::app
