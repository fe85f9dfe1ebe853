// The live list of questions as a page: what is on it, and what a key does. Pure; the terminal and
// the node are approvals_watch.cpp's.
//
// A question is answered from its card alone, and only after its last line was on the screen: what
// no person could have read is not approved. Several questions are marked in the list and read and
// answered as one card.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "app/terminal/screen.h"
#include "base/json.h"
#include "base/time.h"

namespace pawl::app {

// One line of the list, made of what the node says; every text is visible already.
struct WatchRow {
  std::string id, risk, tool, agent, people, state, why;
  std::string may_not;  // why the watching person may not answer it; empty: they may
  Duration ends{};      // on the clock of the page
};

class WatchPage {
 public:
  // What the caller has to do for a key.
  enum class Act : std::uint8_t {
    nothing,
    quit,
    list,     // the list is wanted anew: another filter
    open,     // the card of `wanted()` is wanted, whole where `whole()`
    approve,  // what the card shows
    reject,
    ask,
    pass_on,
  };

  // `approvals` and `matching` as the control door answers; `now` is any clock that goes on.
  void set_list(json::View answer, Duration now);
  // What `wanted()` looks like now. `digest` changes with what would run: then it is to be read
  // anew.
  void set_card(std::vector<std::string> lines, std::string digest);
  // Nothing of it is there any more.
  void close_card();
  // The line at the bottom, until the next key.
  void say(std::string message) { message_ = std::move(message); }

  Act press(const Key& key);
  std::vector<std::string> render(Screen::Size size, Duration now);

  // The questions that the card is about; empty: the list is shown.
  const std::vector<std::string>& wanted() const { return wanted_; }
  bool whole() const { return whole_; }
  const std::string& filter() const { return filter_; }
  bool read_to_the_end() const { return !folded_.empty() && shown_to_ >= folded_.size(); }

 private:
  Act press_in_list(const Key& key);
  Act press_in_card(const Key& key);
  Act press_in_filter(const Key& key);
  void move(std::ptrdiff_t by);
  void scroll(std::ptrdiff_t by);
  void toggle_mark();
  std::vector<std::string> render_list(Screen::Size size, Duration now);
  std::vector<std::string> render_card(Screen::Size size);
  std::string row_text(const WatchRow& row, bool selected, Duration now) const;

  struct Wide {
    std::size_t risk = 5, tool = 4, agent = 5;  // at least their heads
  };
  std::vector<WatchRow> rows_;
  Wide wide_;
  std::uint64_t matching_ = 0;
  std::set<std::string> marked_;
  std::string selected_;  // by id, so that it stays while the list moves
  std::size_t at_ = 0, top_ = 0, page_ = 1;
  std::vector<std::string> wanted_, card_, folded_;
  std::string card_digest_, filter_, message_;
  std::size_t card_top_ = 0, shown_to_ = 0;  // as far as it was on the screen without a gap
  std::size_t folded_for_ = 0;               // columns
  bool whole_ = false, filtering_ = false, changed_ = false;
};

}  // namespace pawl::app
