// One line on its way through the stream.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "doors/decide/decision.h"
#include "doors/decide/line.h"
#include "doors/decide/stream.h"

namespace pawl {

struct BoundTool;

struct DecideStream::Turn {
  explicit Turn(DecideStream& of) : stream(of) {}

  DecideStream& stream;
  Line line;
  std::string run;   // the run's id is its name
  std::string call;  // id of this line's call
  std::string server, tool;
  Call proposed;  // views into server, tool and the document
  std::shared_ptr<const BoundTool> bound;
  std::string trouble;  // why the definition cannot be read
  Facts facts;
  std::string mark;  // see CallDecided; empty where the policy has no `max_repeats`

  // turn.cpp
  std::string answer();
  Status look(const std::function<void(const Situation&)>& see);
  std::string refuse(Code code, const std::string& what);

 private:
  void name_call();
  void gather();
  Situation situation() const;
  void mark_call();
  std::string mark_of_result(bool failed) const;
  void warn(const Verdict& verdict, LineDecision& decision) const;
  void learn(const LineDecision& decision);
  Status open_run();
  Status record(const Verdict& verdict);
  Status record_hold(const Verdict& verdict);
  Status settle(const Verdict& verdict, LineDecision& decision);
  Status apply(Body body);
  LineDecision describe(const Verdict& verdict) const;
  CallDecided decided(const Verdict& verdict) const;
};

}  // namespace pawl
