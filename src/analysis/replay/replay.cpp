#include "analysis/replay/replay.h"

#include <utility>

#include "analysis/replay/again.h"
#include "analysis/replay/timeline.h"

namespace pawl {

class Replayer::Body {
 public:
  Body(std::string run, PayloadLookup payload)
      : payload_(std::move(payload)), judge_(payload_), story_(std::move(run), judge_) {
    found_.run = story_.run();
  }

  bool take(const Record& record) {
    if (found_.broken) return false;
    if (const auto* loaded = std::get_if<PolicyLoaded>(&record.body)) judge_.learn(*loaded);
    if (const auto* seen = std::get_if<DefinitionSeen>(&record.body)) judge_.learn(*seen);
    const auto* decided = std::get_if<CallDecided>(&record.body);
    if (decided != nullptr && (found_.run.empty() || decided->run == found_.run)) {
      count(record, *decided, judge_.decide(state_, record, *decided));
    }
    auto entry = story_.before(state_, record);
    if (Status folded = state_.apply(record); !folded) {
      found_.broken = Error{ErrorKind::corrupt,
                            "record " + std::to_string(record.seq) +
                                " cannot follow those before it: " + folded.error().message,
                            {}};
    } else {
      ++found_.records;
    }
    if (entry) found_.timeline.push_back({std::move(*entry), story_.budgets(state_, record.at)});
    return !found_.broken;
  }

  Replay finish() {
    story_.describe(state_, found_);
    return std::move(found_);
  }

 private:
  void count(const Record& record, const CallDecided& decided, Again again) {
    ++found_.decisions;
    switch (again.kind) {
      case Again::Kind::equal:
        ++found_.equal;
        break;
      case Again::Kind::at_the_door:
        ++found_.at_the_door;
        break;
      case Again::Kind::different:
        ++found_.different;
        for (Difference& one : again.differences) found_.differences.push_back(std::move(one));
        break;
      case Again::Kind::indeterminate:
        found_.indeterminate.push_back({record.seq, decided.call, std::move(again.why)});
        break;
      case Again::Kind::not_comparable:
        found_.not_comparable.push_back({record.seq, decided.call, std::move(again.why)});
        break;
    }
  }

  Replay found_;
  PayloadLookup payload_;
  State state_;
  Judge judge_;
  Story story_;
};

Replayer::Replayer(std::string run, PayloadLookup payload)
    : body_(std::make_unique<Body>(std::move(run), std::move(payload))) {}
Replayer::~Replayer() = default;
Replayer::Replayer(Replayer&&) noexcept = default;
Replayer& Replayer::operator=(Replayer&&) noexcept = default;

bool Replayer::take(const Record& record) {
  return body_->take(record);
}

Replay Replayer::finish() {
  return body_->finish();
}

}  // namespace pawl
