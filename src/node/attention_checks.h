// Calls that should not be approved, asked for now and then: whether people read what they answer.
//
// Such a call goes the way of every call, in a run of its own, as far as the question to people.
// Its caller is gone from then on, and what is approved for a caller who does not come back is not
// used; the first answer ends the run, and with it the question. Nothing stands behind the tool
// that could run. So an answer to it is a record like every answer, in a run whose key says what it
// was.
// Threads: the node's loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/task.h"
#include "io/net/loop.h"
#include "kernel/deployment/deployment.h"
#include "lang/sql/summary.h"
#include "model/record.h"

namespace pawl {
class Gate;
}
namespace pawl::api {
struct RoleInForce;
}

namespace pawl::node {

struct AttentionPorts {
  net::Loop& loop;
  Gate& gate;
  const Deployment& deployment;  // in force
  const sql::ReadSql& read_sql;
  std::function<Result<api::RoleInForce>(const std::string& role)> role;
};

class AttentionChecks {
 public:
  explicit AttentionChecks(AttentionPorts ports)
      : loop_(ports.loop),
        gate_(ports.gate),
        deployment_(ports.deployment),
        read_sql_(ports.read_sql),
        role_(std::move(ports.role)) {}
  AttentionChecks(const AttentionChecks&) = delete;

  // The deployment file was read: calls that no policy held get another try.
  void file_changed() { in_vain_.clear(); }
  void plan();
  // Why a call of this run has to be denied; empty of every other run.
  std::string why_to_deny(const std::string& run) const;

 private:
  void ask_one();
  Task<void> ask(Vigilance::Seed seed);
  bool stands_still(const std::string& agent, const Vigilance::Seed& seed) const;
  std::string sponsor_like(std::string_view agent) const;
  void heard(const Record& record);
  void finish(const std::string& run, const std::string& text);
  void finish_withdrawn();

  net::Loop& loop_;
  Gate& gate_;
  const Deployment& deployment_;
  const sql::ReadSql& read_sql_;
  std::function<Result<api::RoleInForce>(const std::string&)> role_;
  std::map<std::string, std::string, std::less<>> reasons_;  // by run: why to deny its call
  std::set<std::string, std::less<>> in_vain_;               // calls that no policy holds
  net::Timer next_;
  std::shared_ptr<void> hears_;
};

}  // namespace pawl::node
