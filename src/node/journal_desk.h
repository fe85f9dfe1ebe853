// Questions about the whole journal, for the console and for clients of the node: a search, and
// whether it is what was written.
//
// Both read every byte there is, so that is done aside (io/net/aside.h), one question at a time: of
// the files beside the node that writes them, as `pawl audit` does. Cards have a desk of their own,
// so that no proof keeps them waiting. Threads: everything but the reading belongs to the loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "io/net/aside.h"
#include "io/net/loop.h"
#include "node/common/journal_health.h"
#include "node/journal_reports.h"
#include "views/look_back.h"

namespace pawl::node {

struct ProvedJournal {
  std::string text;                     // `{"ok":true,"whole":…,"records":…,"root":…,"why":…}`
  std::optional<JournalHealth> health;  // nothing: it could not be looked at
};
ProvedJournal prove_journal(const std::string& directory, std::function<bool()> stop = {});

class JournalDesk {
 public:
  static constexpr std::size_t waiting_max = 8;

  // `told` hears of damage, once.
  JournalDesk(net::Loop& loop, std::string directory,
              std::function<void(const std::string& damage)> told = {})
      : loop_(loop),
        directory_(std::move(directory)),
        told_(std::move(told)),
        aside_(loop, waiting_max) {}
  JournalDesk(const JournalDesk&) = delete;
  ~JournalDesk() { finish(); }

  // What journal_reports.h makes of the files.
  Task<std::string> report(std::function<std::string(const JournalRead& read)> make);
  // What was proved just now is not read again: less than a minute ago, and sooner where it takes
  // no time.
  Task<std::string> prove();
  // What is wrong with the journal; empty: nothing, as far as is known.
  Task<std::string> damage();
  // Recovery reads what the node's state comes from: not what lies before the snapshot, and no old
  // payload. So the whole journal is looked at beside the loop, at the start and when people ask;
  // once at a time.
  Task<void> look();
  const std::string& known_damage() const { return damage_; }
  // How waiting calls were judged; nothing where no thread can read now.
  Task<std::optional<views::FoundCalls>> look_back(std::vector<views::SoughtCall> sought);
  // Those who wait are answered.
  void finish();

 private:
  Task<std::string> in_turn(std::function<std::string()> work);

  net::Loop& loop_;
  std::string directory_, proof_, damage_;
  std::function<void(const std::string& damage)> told_;
  Duration proved_{}, lasts_{};
  std::atomic<bool> stop_ = false;
  std::shared_ptr<bool> looking_ = std::make_shared<bool>(false);  // a look may outlive this
  net::Aside aside_;
};

}  // namespace pawl::node
