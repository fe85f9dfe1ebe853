// What happened of late, for people who look: the last happenings of runs, how each waiting call
// was judged, and how reviewers answer.
//
// It comes from records, as they are read at the start and written after it, but for when a card
// was first displayed to a person, which this life of the node alone knows. None of it decides
// anything: what does not fit any more is forgotten, oldest first. So after a start from a snapshot
// it begins with the records behind that. The journal itself has everything (`pawl audit query`),
// and how one waiting call was judged is read back from there when its card is opened
// (look_back.h). Texts are as records have them: the page that shows them escapes them. Threads:
// the loop that owns the gate.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "kernel/state/state.h"
#include "kernel/state/vigilance.h"
#include "model/record.h"

namespace pawl::views {

struct ActivityLimits {
  std::size_t happenings_max = 20'000;
  std::size_t said_bytes_max = 400;   // of each
  std::size_t judged_max = 20'000;    // waiting calls; the others are read back for their card
  std::size_t judgements_max = 4096;  // that differ
  std::size_t facts_kept_max = 5000;  // waiting calls whose facts are kept
  std::size_t facts_bytes_max = 4096;
  std::size_t recalled_max = 64;                 // waiting calls that were read back
  std::size_t recalled_bytes_max = 256UL << 10;  // of the facts of each
  std::size_t ended_max = 4096;                  // calls of which it is known how they ended
  std::size_t displays_max = 20'000;             // questions with a card that was displayed
  std::size_t readers_max = 32;                  // of each
  std::size_t times_max = 500;                   // of answers of one person
  std::size_t persons_max = 256;
};

struct Happening {
  std::uint64_t seq = 0;
  Instant at{};
  std::string run, agent, word, tool, said, rule_at, call;
};

// How the call of a question was judged. Many questions share one.
struct Judged {
  std::string class_text, rule_at;
  friend auto operator<=>(const Judged&, const Judged&) = default;
};
struct JudgedCall {
  const Judged* how = nullptr;  // never null in a activity
  std::uint64_t args_bytes = 0;
  bool has_facts = false;  // false: they were found out, and are in the journal alone
  std::string facts;       // as recorded
};

// How a call ended.
struct EndedCall {
  std::string word;  // `completed`, `failed`, …
  bool is_error = false;
  Duration took{};
};

// How a person answers, since the beginning of this activity.
struct Answering {
  std::uint64_t answers = 0, approved = 0;
  std::uint64_t displayed = 0;  // answers of which it is known when the card was first displayed
  std::uint64_t hasty = 0;      // of these, approvals in less time than a card takes to read
  std::uint64_t at_once = 0;    // approvals that soon after the question was asked, card or not
  // Of calls that should not be approved: asked, and not approved. Counted here and nowhere else.
  std::uint64_t seeded = 0, caught = 0;
  std::deque<Duration> took;  // from question to answer
  std::deque<Duration> read;  // from when they had the card to their answer
};

inline constexpr Duration hasty_below = Duration::seconds(2);

class ActivityFeed {
 public:
  explicit ActivityFeed(ActivityLimits limits = {}) : limits_(limits) {}

  // After the record was applied.
  void note(const Record& record, const State& state);

  const std::deque<Happening>& happenings() const { return happenings_; }
  // Null where it is not known any more.
  const JudgedCall* judged(std::string_view approval) const;
  // How a call ended that people were asked about; null where it did not, or not of late.
  const EndedCall* ended(std::string_view call) const;
  // Whether all is known about it that its record has, or the journal was asked for that already.
  bool remembers(std::string_view approval) const;
  // What was read back from the journal; null: its record was not found.
  void recall(const std::string& approval, const CallDecided* found);
  // A person was given the card of a question; their first time counts.
  void displayed(const std::string& approval, const std::string& person, Instant at);
  // As far back as happenings are known.
  Instant begins() const { return begins_; }
  // Since when answers and questions are counted.
  Instant counts_since() const { return first_; }
  // The newest happening of the run; nothing where it is not known any more.
  Instant last_of(std::string_view run) const;

  const std::map<std::string, Answering, std::less<>>& answering() const { return answering_; }
  // Questions by the hour of the day (UTC), and since when they are counted.
  const std::array<std::uint64_t, 24>& hours() const { return hours_; }
  std::uint64_t questions() const { return questions_; }
  // Grows with every record that changes which questions there are, or how they stand.
  std::uint64_t changes_of_questions() const { return changes_; }
  Instant since() const { return since_; }
  // By tool: how often people were asked, and how often they said yes.
  struct Asked {
    std::uint64_t answered = 0, approved = 0;
    std::uint64_t grave = 0;  // of answers about calls that a person ought to look at, always
  };
  const std::map<std::string, Asked, std::less<>>& tools() const { return tools_; }

 private:
  friend struct ActivityTeller;
  void add(Happening happening);
  void judge(const CallDecided& b);
  void forget(const std::string& approval);
  void watch_call(const std::string& call);
  void answered(const ApprovalAnswered& b, const Approval& approval, Instant at, bool seeded);
  std::optional<Instant> first_display(const std::string& approval,
                                       const std::string& person) const;

  ActivityLimits limits_;
  std::deque<Happening> happenings_;
  std::set<Judged> judgements_;
  std::map<std::string, JudgedCall, std::less<>> judged_;
  std::deque<std::string> order_;  // of `judged_`
  struct Recalled {
    std::string approval;
    Judged how;
    JudgedCall call;
    bool found = false;
  };
  std::list<Recalled> recalled_;  // oldest first
  // Calls that people were asked about, oldest first, and how they ended.
  std::map<std::string, std::optional<EndedCall>, std::less<>> asked_calls_;
  std::deque<std::string> asked_order_;
  // By question: who had its card, and when first.
  std::map<std::string, std::vector<std::pair<std::string, Instant>>, std::less<>> displays_;
  std::deque<std::string> displays_order_;
  std::map<std::string, Instant, std::less<>> last_;
  std::map<std::string, Answering, std::less<>> answering_;
  std::map<std::string, Asked, std::less<>> tools_;
  std::array<std::uint64_t, 24> hours_{};
  std::uint64_t questions_ = 0, changes_ = 0;
  Instant since_{}, begins_{}, first_{};
};

}  // namespace pawl::views
