// One request at its provider: what the gate lets run, and what goes back to the client while it
// runs. Private to the door.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "doors/model/model_door.h"
#include "doors/model/raw_events.h"
#include "gate/state/ports.h"
#include "gate/state/proposal.h"
#include "io/http/message.h"
#include "kernel/model_api/refusal.h"
#include "kernel/model_api/request.h"
#include "kernel/model_api/usage.h"

namespace pawl::model {

// A request as it was read.
struct Asked {
  ModelProvider provider;
  ModelTarget target;
  http::Request request;
  json::Parser parser;
  json::Document body;  // of `request.body`
  ModelRequest model;
  std::string role;
  std::optional<ModelPrice> price;
};

class ModelCall final : public Caller,
                        public Upstream,
                        public std::enable_shared_from_this<ModelCall> {
 public:
  ModelCall(const ModelPorts& ports, std::shared_ptr<const Asked> asked, http::Responder responder);
  ~ModelCall() override;
  ModelCall(const ModelCall&) = delete;

  // For another try, after one that was refused.
  void again();
  // The client is gone, and nothing was sent yet.
  bool left() const { return left_ && !sent_; }
  // The answer as far as it is not told yet, when the gate has written how the call ended.
  void finish(const Settled& settled);
  // In place of an answer.
  void refuse(const ModelRefusal& refusal);
  // What was measured, for the next request; nothing where it was not.
  std::optional<std::uint64_t> input_measured() const { return input_measured_; }

  Duration patience(Duration within) const override;
  void waiting(const std::string&, Duration, Duration) override {}
  bool gone() const override { return left(); }
  void granted(const std::string& call, const Verdict& verdict) override;
  Task<Outcome> execute(std::string_view tool, std::string_view arguments) override;
  void cancel() override;

 private:
  // How the exchange with the provider ended, besides well.
  struct Fault {
    ModelRefusal refusal;
    bool unsent = false;   // the provider has nothing of it
    bool stopped = false;  // by a person, a ceiling, or the end of the run's time
  };

  std::optional<std::string> edited(std::string& why) const;
  Result<http::Headers> headers(const ProviderKey& key) const;
  void start(std::string body, http::Headers headers);
  void on_head(http::AnswerHead head);
  void on_body(std::string_view bytes);
  void on_end(const std::optional<Error>& error);
  bool on_event(const std::optional<http::Event>& event, std::string_view bytes);
  void write(std::string_view bytes);
  static Task<void> resume_when_read(std::shared_ptr<ModelCall> self);
  void client_left();
  void stay_awake();
  void cut(RefusalKind kind, std::string why, bool stopped = false);
  Outcome outcome();
  std::optional<Spent> spent();
  std::string summary(const std::optional<Spent>& spent) const;

  const ModelPorts& ports_;
  std::shared_ptr<const Asked> asked_;
  std::optional<http::Responder> responder_;
  std::optional<http::Stream> stream_;
  std::optional<Spend> spend_;
  std::string run_;
  ProviderKey key_;
  std::optional<http::Fetch> fetch_;
  std::optional<UsageReader> usage_;
  std::optional<RawEvents> events_;
  Completion<bool> over_;
  http::AnswerHead head_;
  std::string answer_;
  std::optional<Fault> fault_;
  std::optional<std::uint64_t> input_measured_;
  std::shared_ptr<void> timer_;
  bool left_ = false, sent_ = false, ended_ = false, paused_ = false;
};

// What the gate said no with, in the words of the refusal.
ModelRefusal refusal_of(const Settled& settled, const std::string& run);
// Whether only reservations of other requests stand in its way.
bool only_reserved(const Settled& settled);

}  // namespace pawl::model
