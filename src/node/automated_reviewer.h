// Automated reviewers: persons of the deployment file that are programs (`automatic`).
//
// Each question that one of them may answer is given to it once, as the same JSON that a reviewer's
// card is made of, whole. What it says within its time counts if it is an answer (see
// io/notify/reviewer_answer.h), as one more person's; a wrong or a late one is a note in the
// journal and nothing else, so the question stays with people. What has to be typed no program
// types, and what cannot be undone no program approves alone: the fold sees to that (kernel/state).
// Threads: the node's loop.
#pragma once

#include <memory>
#include <string>

namespace pawl {
class Gate;
class Journal;
struct Deployment;
}  // namespace pawl
namespace pawl::broker {
class Broker;
}
namespace pawl::net {
class Loop;
}

namespace pawl::node {

class AutomatedReviewers {
 public:
  AutomatedReviewers(net::Loop& loop, std::shared_ptr<broker::Broker> broker);
  ~AutomatedReviewers();
  AutomatedReviewers(const AutomatedReviewers&) = delete;

  // Null: no reviewer is asked any more, and late answers are ignored.
  void use(Gate* gate, Journal* journal);
  void use(const Deployment& deployment, const std::string& directory);

  void ask(const std::string& approval);
  // What waited already when the node, or its deployment file, was not there yet.
  void ask_open();

 private:
  struct Impl;
  std::shared_ptr<Impl> room_;
};

}  // namespace pawl::node
