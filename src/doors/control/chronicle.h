// What happened of late, for people who look: the last happenings of runs, how each waiting call
// was judged, and how reviewers answer.
//
// All of it comes from records, as they are read at the start and written after it, and none of it
// decides anything: what does not fit any more is forgotten, oldest first. So after a start from a
// snapshot it begins with the records behind that. The journal itself has everything
// (`pawl audit query`).
// Texts are as records have them: whoever shows them escapes them.
// Threads: the loop that owns the gate.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "kernel/state/state.h"
#include "kernel/state/vigilance.h"
#include "model/record.h"

namespace pawl {

struct ChronicleLimits {
  std::size_t happenings_max = 20'000;
  std::size_t said_bytes_max = 400;   // of each
  std::size_t judged_max = 100'000;   // waiting calls
  std::size_t judgements_max = 4096;  // that differ
  std::size_t facts_kept_max = 5000;  // waiting calls whose facts are kept
  std::size_t facts_bytes_max = 4096;
  std::size_t times_max = 500;  // of answers of one person
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
  const Judged* how = nullptr;  // never null in a chronicle
  std::uint64_t args_bytes = 0;
  std::string facts;  // as recorded, of the first ones that are not long
};

// How a person answers, since the beginning of this chronicle.
struct Answering {
  std::uint64_t answers = 0, approved = 0, hasty = 0;
  // Of calls that nobody ought to approve: asked, and not approved. Counted here and nowhere else.
  std::uint64_t seeded = 0, caught = 0;
  std::deque<Duration> took;  // from question to answer
};

inline constexpr Duration hasty_below = Duration::seconds(2);

class Chronicle {
 public:
  explicit Chronicle(ChronicleLimits limits = {}) : limits_(limits) {}

  // After the record was applied.
  void note(const Record& record, const State& state);

  const std::deque<Happening>& happenings() const { return happenings_; }
  // Null where it is not known any more.
  const JudgedCall* judged(std::string_view approval) const;
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
  };
  const std::map<std::string, Asked, std::less<>>& tools() const { return tools_; }

 private:
  friend struct ChronicleTeller;
  void add(Happening happening);
  void judge(const CallDecided& b);
  void forget(const std::string& approval);
  void answered(const ApprovalAnswered& b, const Approval& approval, Instant at, bool seeded);

  ChronicleLimits limits_;
  std::deque<Happening> happenings_;
  std::set<Judged> judgements_;
  std::map<std::string, JudgedCall, std::less<>> judged_;
  std::deque<std::string> order_;  // of `judged_`
  std::map<std::string, Instant, std::less<>> last_;
  std::map<std::string, Answering, std::less<>> answering_;
  std::map<std::string, Asked, std::less<>> tools_;
  std::array<std::uint64_t, 24> hours_{};
  std::uint64_t questions_ = 0, changes_ = 0;
  Instant since_{};
};

}  // namespace pawl
