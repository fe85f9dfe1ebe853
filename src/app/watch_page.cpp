#include "app/watch_page.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "app/approval_card.h"
#include "app/layout.h"
#include "app/terminal.h"
#include "base/text.h"
#include "base/utf8.h"

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
    "enter read  space mark  / filter  j k move  q quit   (answers are given on the card)";
constexpr std::string_view kKeysOfCard =
    "a approve  d deny  s ask the agent  p pass on  f whole  j k scroll  q back";
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
    rows_.push_back(
        {card_word(question, "approval"), card_word(question, "class"), card_word(question, "tool"),
         card_word(question, "agent"), people_of(question), state_of(question),
         question["summary"].exists() ? card_word(question, "summary") : card_word(question, "why"),
         may_not_of(question), now + Duration::milliseconds(left_ms)});
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
  if (is(key, " ")) toggle_mark();
  if (is(key, "/")) filtering_ = true;
  if (key.kind != Key::Kind::enter || selected_.empty()) return Act::nothing;
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
  if (is(key, "s")) return Act::ask;
  return is(key, "p") ? Act::pass_on : Act::nothing;
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
      paint(Ink::dim, "    " + padded("question", kIdColumns) + " " + padded("class", wide_.risk) +
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

}  // namespace pawl::app
