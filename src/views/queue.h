// The list of questions: which ones, in which order, and what tells them apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gate/gate.h"
#include "kernel/state/state.h"
#include "views/activity.h"
#include "views/cards.h"

namespace pawl::views {

// What questions say, for a list of them: a summary of their arguments, and the text in which a
// filter looks. Never what is decided by.
//
// The arguments of a question lie in the journal and are read once for each question, so many at a
// time as the person who asks has time for. Until they were read a filter looks at the rest alone.
// Of very many questions, and of arguments that are long, only so much is kept. Threads: the loop
// that owns the gate.

struct QuestionTextLimits {
  std::size_t questions_max = 20'000;
  std::size_t arguments_bytes_max = 2048;  // of each, that a filter finds
  std::size_t summary_bytes_max = 160;
};

// A filter: words that all have to be found, folded.
std::vector<std::string> filter_words(std::string_view filter);

class QuestionTexts {
 public:
  // Canonical arguments; empty where they are gone, or too long to be read for this.
  using Read = std::function<std::string(const Approval&)>;
  explicit QuestionTexts(Read read, QuestionTextLimits limits = {});

  // Reads its arguments where they were not read yet.
  struct Said {
    std::string summary;  // of its arguments
    std::string wants;    // see wants_text
  };
  Said said(const Approval& approval);
  // Whether all of the words are in its id, tool, agent, run, sponsor, class, reason, in who it was
  // passed on to, or in its arguments, if those were read.
  bool has(const Approval& approval, const std::vector<std::string>& words);
  // Whether its arguments are still to be read.
  bool unread(const Approval& approval) const;
  // Reads those of at most so many questions that wait; how many are left.
  std::size_t read_some(const State& state, std::size_t most);
  // Forgets the questions that do not wait any more.
  void sweep(const State& state, std::size_t waiting);

 private:
  struct Entry {
    std::string args;  // the commitment to them; another one after a change
    std::string text, summary, wants;
    bool read = false;
  };
  Entry* entry(const Approval& approval);
  void read_into(Entry& entry, const Approval& approval) const;

  Read read_;
  QuestionTextLimits limits_;
  std::unordered_map<std::string, Entry> entries_;
};

// Open, or approved and not used yet.
bool waits(const Approval& approval);

// Which questions of all. `filter`: words that are all found, case folded, in a question's id,
// tool, agent, run, sponsor, class, reason, in who it was passed on to, or in its arguments (see
// QuestionTexts); `limit` 0: all. `ids`: these, and no others. `names`: their ids alone.
struct QuestionsWanted {
  std::string filter = {};
  std::uint64_t limit = 0;
  MayNot may_not = {};
  std::vector<std::string> ids = {};
  bool names = false;
};
// Open questions first by risk (quorum, typed), then by expiry; each as one object. The first ones
// with a summary of their arguments. `matching` says how many there are, and `unread` of how many a
// filter does not find the arguments yet.
std::string approvals_json(const State& state, Instant now, const ActivityFeed* activity,
                           const QuestionsWanted& wanted, QuestionTexts& texts);
// One of them alone; empty where it does not wait any more.
std::string approval_row_json(const State& state, const std::string& id, Instant now,
                              const ActivityFeed* activity, QuestionTexts& texts);

}  // namespace pawl::views
