#include "doors/model/model_call.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "gate/gate.h"
#include "kernel/model_api/rewrite.h"

namespace pawl::model {
namespace {

constexpr std::size_t queued_bytes_max = 1UL << 20;
constexpr Duration approval_patience = Duration::seconds(280);  // clients wait for five minutes

// Of an answer, what belongs to the connection and not to the client.
constexpr std::array<std::string_view, 11> kOurOwn = {
    "connection", "keep-alive",         "transfer-encoding", "content-length", "date",    "trailer",
    "upgrade",    "proxy-authenticate", "content-encoding",  "set-cookie",     "alt-svc",
};

http::Headers told(const http::Headers& from) {
  http::Headers out;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (std::ranges::find(kOurOwn, from[i].name) != kOurOwn.end()) continue;
    out.add(from[i].name, from[i].value);
  }
  return out;
}

bool is_events(const http::Headers& headers) {
  const auto type = headers.find("content-type");
  return type && trim(type->substr(0, type->find(';'))) == "text/event-stream";
}

bool is_encoded(const http::Headers& headers) {
  const auto coding = headers.find("content-encoding");
  return coding && !http::same_ignoring_case(trim(*coding), "identity");
}

// Where each API has its key.
std::string_view key_header(ProviderApi api) {
  switch (api) {
    case ProviderApi::openai:
      return "authorization";
    case ProviderApi::anthropic:
      return "x-api-key";
    case ProviderApi::gemini:
      break;
  }
  return "x-goog-api-key";
}

std::string error_json(int status, std::string_view message) {
  json::Writer out;
  out.object().key("code").integer(status).key("message").string(message).end();
  return out.take();
}

}  // namespace

bool only_reserved(const Settled& settled) {
  if (settled.kind != Settled::Kind::refused || settled.code != Code::ceiling) return false;
  const auto decision = json::parse(settled.decision);
  if (!decision) return false;
  const json::View retry = decision->root()["retry"];
  return retry.exists() && retry.kind() == json::Kind::boolean && retry.boolean();
}

ModelRefusal refusal_of(const Settled& settled, const std::string& run) {
  ModelRefusal out;
  out.code = to_string(settled.code);
  out.run = run;
  out.message = settled.text;
  for (char& c : out.message) c = c == '\n' ? ' ' : c;
  switch (settled.code) {
    case Code::ceiling:
      out.kind = only_reserved(settled) ? RefusalKind::busy : RefusalKind::spent;
      break;
    case Code::rate:
      out.kind = RefusalKind::busy;
      break;
    case Code::audit_unavailable:
    case Code::upstream_failed:
      out.kind = RefusalKind::unavailable;
      break;
    case Code::none:
    case Code::not_granted:
    case Code::blocked:
    case Code::constraint:
    case Code::origin:
    case Code::schema:
    case Code::tool_changed:
    case Code::frozen:
    case Code::not_in_state:
    case Code::approval_pending:
    case Code::approval_rejected:
    case Code::approval_expired:
    case Code::run_halted:
    case Code::killed:
    case Code::identity:
    case Code::ambiguous_request:
    case Code::cancelled:
    case Code::internal:
      out.kind = RefusalKind::denied;
      break;
  }
  return out;
}

ModelCall::ModelCall(const ModelPorts& ports, std::shared_ptr<const Asked> asked,
                     http::Responder responder)
    : ports_(ports), asked_(std::move(asked)), responder_(std::move(responder)) {}

ModelCall::~ModelCall() = default;

void ModelCall::again() {
  spend_.reset();
  responder_->on_gone([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->client_left();
  });
}

Duration ModelCall::patience(Duration within) const {
  return std::min(within, approval_patience);
}

void ModelCall::granted(const std::string&, const Verdict& verdict) {
  spend_ = verdict.reservation.spend;
}

void ModelCall::client_left() {
  left_ = true;
  if (!sent_) {
    if (on_gone) on_gone();
    return;
  }
  if (stream_) stream_.reset();
  // What comes is paid for, so it is read; not for ever.
  if (std::exchange(paused_, false) && fetch_) fetch_->resume();
  timer_ = ports_.executor.after(ports_.limits.drain_max, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->cut(RefusalKind::unavailable, "the client left, and the answer did not end");
    }
  });
}

void ModelCall::stay_awake() {
  if (left_) return;
  timer_ = ports_.executor.after(ports_.limits.quiet_max, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->cut(RefusalKind::unavailable, "the provider said nothing more");
    }
  });
}

void ModelCall::cut(RefusalKind kind, std::string why, bool stopped) {
  if (ended_) return;
  ended_ = true;
  fault_ = Fault{.refusal = {.kind = kind,
                             .code = stopped ? "stopped" : "upstream_failed",
                             .message = std::move(why),
                             .run = run_},
                 .unsent = !fetch_ || !fetch_->sent(),
                 .stopped = stopped};
  timer_.reset();
  // The fetch may be what calls: it goes in a later turn.
  ports_.executor.post([self = shared_from_this()] {
    self->fetch_.reset();
    self->over_.deliver(true);
  });
}

void ModelCall::cancel() {
  cut(RefusalKind::denied, "the run was stopped while the model answered", true);
}

// The bytes that are sent: those that came, with the cap and the question for usage.
std::optional<std::string> ModelCall::edited(std::string& why) const {
  RequestEdit edit;
  const std::uint64_t choices = std::max<std::uint64_t>(1, asked_->model.choices);
  if (spend_ && spend_->bounded && asked_->model.output_least > 0) {
    edit.output_cap = spend_->output / choices;
  }
  auto bytes = edited_request(asked_->model, asked_->request.body, asked_->body.root(), edit);
  if (bytes) return *std::move(bytes);
  why = bytes.error().message;
  return std::nullopt;
}

Result<http::Headers> ModelCall::headers(const ProviderKey& key) const {
  const http::Headers& came = asked_->request.headers;
  const std::string_view field = key_header(asked_->provider.api);
  http::Headers out;
  for (std::size_t i = 0; i < came.size(); ++i) {
    auto goes_on = header_goes_on(asked_->target.api, came[i].name, came[i].value);
    PAWL_TRY(goes_on);
    if (*goes_on) out.add(came[i].name, came[i].value);
  }
  out.add("content-type", "application/json");
  out.add("accept-encoding", "identity");
  if (asked_->provider.passes_client()) {
    for (const std::string_view name : {std::string_view("authorization"), field}) {
      if (const auto value = came.find(name)) {
        out.add(name, *value);
        break;
      }
    }
    return out;
  }
  const std::string& own = asked_->provider.header;
  const bool bearer = own.empty() && field == "authorization";
  std::string value = (bearer ? "Bearer " : "") + std::string(key.value.bytes());
  if (!http::is_field_value(value)) {
    return fail(ErrorKind::invalid, "the key of the provider cannot stand in a header");
  }
  out.add(own.empty() ? field : std::string_view(own), value);
  secrets::wipe(value);
  return out;
}

void ModelCall::start(std::string body, http::Headers headers) {
  http::Ask ask;
  ask.method = "POST";
  std::string_view base = asked_->provider.url;
  while (base.ends_with('/')) base.remove_suffix(1);
  ask.url = std::string(base) + upstream_path(asked_->target);
  ask.headers = std::move(headers);
  ask.body = std::move(body);
  ask.body_bytes_max = ports_.limits.answer_bytes_max;
  ask.deadline = {};
  const std::weak_ptr<ModelCall> weak = weak_from_this();
  fetch_.emplace(ports_.client(asked_->provider)
                     ->start(std::move(ask), {.head =
                                                  [weak](http::AnswerHead head) {
                                                    if (const auto self = weak.lock())
                                                      self->on_head(std::move(head));
                                                  },
                                              .body =
                                                  [weak](std::string_view bytes) {
                                                    if (const auto self = weak.lock())
                                                      self->on_body(bytes);
                                                  },
                                              .end =
                                                  [weak](const std::optional<Error>& error) {
                                                    if (const auto self = weak.lock())
                                                      self->on_end(error);
                                                  }}));
  stay_awake();
}

void ModelCall::on_head(http::AnswerHead head) {
  head_ = std::move(head);
  stay_awake();
  if (head_.status >= 300 && head_.status < 400) {
    return cut(RefusalKind::unavailable, "the provider sends its client elsewhere");
  }
  if (is_encoded(head_.headers)) {
    return cut(RefusalKind::unavailable,
               "the provider answered in a coding that was not asked for");
  }
  if (head_.status >= 300 || !is_events(head_.headers)) return;
  events_.emplace(
      [this](const auto& event, std::string_view bytes) { return on_event(event, bytes); },
      answer_event_bytes_max);
  if (left_ || !responder_) return;
  stream_.emplace(std::move(*responder_).stream({head_.status, told(head_.headers), {}}));
  responder_.reset();
  stream_->on_gone([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->client_left();
  });
}

void ModelCall::on_body(std::string_view bytes) {
  if (ended_) return;
  stay_awake();
  if (events_) {
    if (const Status read = events_->feed(bytes); !read) {
      cut(RefusalKind::unavailable, read.error().message);
    }
    return;
  }
  if (answer_.size() + bytes.size() > ports_.limits.answer_bytes_max) {
    return cut(RefusalKind::unavailable, "the answer of the provider is too long");
  }
  answer_ += bytes;
}

bool ModelCall::on_event(const std::optional<http::Event>& event, std::string_view bytes) {
  if (!event) {
    write(bytes);
    return true;
  }
  const auto heard = usage_->event(event->name, event->text);
  if (!heard) {
    cut(RefusalKind::unavailable, "the stream of the provider: " + heard.error().message);
    return false;
  }
  const bool bounded = spend_ && spend_->bounded;
  if (bounded && usage_->output_tokens_least() > spend_->output) {
    cut(RefusalKind::spent, "the provider did not keep to the cap of this request");
    return false;
  }
  if (!heard->drop) write(bytes);
  return true;
}

void ModelCall::write(std::string_view bytes) {
  if (!stream_ || !stream_->write(bytes)) return;
  if (paused_ || stream_->queued_bytes() <= queued_bytes_max || !fetch_) return;
  paused_ = true;
  timer_.reset();  // it is the client that is slow
  fetch_->pause();
  spawn(resume_when_read(shared_from_this()));
}

Task<void> ModelCall::resume_when_read(std::shared_ptr<ModelCall> self) {
  if (!self->stream_) co_return;
  const bool there = co_await self->stream_->drained();
  if (!there || !std::exchange(self->paused_, false) || !self->fetch_) co_return;
  self->fetch_->resume();
  self->stay_awake();
}

void ModelCall::on_end(const std::optional<Error>& error) {
  if (ended_) return;
  if (error) return cut(RefusalKind::unavailable, "the provider: " + error->message);
  if (!events_ && usage_) {
    if (const Status read = usage_->answer(head_.status, answer_); !read) {
      return cut(RefusalKind::unavailable, "the answer of the provider: " + read.error().message);
    }
  }
  // What stands behind the last blank line is no event; nobody has read it, so nobody gets it.
  ended_ = true;
  timer_.reset();
  ports_.executor.post([self = shared_from_this()] { self->over_.deliver(true); });
}

std::optional<Spent> ModelCall::spent() {
  const bool refused = head_.status >= 300 && !fault_;
  if (refused || (fault_ && fault_->unsent)) return Spent{};  // nothing is billed
  if (fault_) {
    Spent out;
    out.measured = false;
    out.why = fault_->refusal.message;
    return out;
  }
  const AnswerUsage read = usage_->read();
  Spent out;
  out.usage = read.usage;
  out.measured = read.measured;
  out.why = read.why;
  if (asked_->price) {
    out.line = asked_->price->dearest.line;
    out.table = asked_->price->dearest.table;
    const auto money = asked_->price->cost(read.usage, read.service_tier);
    out.money = money.value_or(0);
    if (!money) {
      out.measured = false;
      out.why = "the service class `" + escape_untrusted(read.service_tier) + "` has no price";
    }
  }
  if (read.measured) input_measured_ = read.usage.into();
  return out;
}

std::string ModelCall::summary(const std::optional<Spent>& spent) const {
  json::Writer out;
  out.object();
  out.key("status").integer(head_.status);
  if (usage_) {
    const AnswerUsage read = usage_->read();
    if (!read.model.empty()) out.key("model").string(read.model);
    out.key("tool_calls").array();
    for (const ToolCallAsked& call : read.tool_calls) {
      out.object().key("id").string(call.id).key("name").string(call.name).end();
    }
    out.end();
  }
  if (spent) {
    out.key("tokens_in").natural(spent->usage.into());
    out.key("tokens_out").natural(spent->usage.out());
  }
  out.end();
  const auto whole = json::parse(out.text());
  return whole ? json::write(whole->root()) : "{}";
}

Outcome ModelCall::outcome() {
  Outcome out;
  out.sent_with = key_.used;
  out.spent = spent();
  if (!fault_) {
    out.kind = head_.status < 300 ? Outcome::Kind::result : Outcome::Kind::error;
    out.result = head_.status < 300 ? summary(out.spent)
                                    : error_json(head_.status, "the provider refused it");
  } else if (fault_->stopped) {
    out.kind = Outcome::Kind::cancelled;
  } else if (fault_->unsent) {
    out.kind = Outcome::Kind::error;
    out.result = error_json(503, fault_->refusal.message);
  } else {
    out.kind = Outcome::Kind::lost;
    out.why = fault_->refusal.message;
  }
  return out;
}

Task<Outcome> ModelCall::execute(std::string_view, std::string_view) {
  const auto self = shared_from_this();
  sent_ = true;
  const auto unsent = [this](std::string why) {
    fault_ = Fault{.refusal = {.kind = RefusalKind::unavailable,
                               .code = "upstream_failed",
                               .message = std::move(why),
                               .run = run_},
                   .unsent = true};
    ended_ = true;
    return outcome();
  };
  std::string why;
  auto body = edited(why);
  if (!body) co_return unsent(std::move(why));
  auto key = co_await ports_.key(asked_->provider, asked_->role, asked_->model.model);
  if (!key) co_return unsent(key.error().message);
  key_ = std::move(*key);
  auto fields = headers(key_);
  key_.value = {};
  if (!fields) co_return unsent(fields.error().message);
  if (ended_) co_return outcome();  // it was stopped meanwhile
  usage_.emplace(asked_->model);
  start(*std::move(body), *std::move(fields));
  (void)co_await over_;
  fetch_.reset();
  co_return outcome();
}

void ModelCall::refuse(const ModelRefusal& refusal) {
  if (stream_) {
    const StreamPlace nowhere;
    (void)stream_->write(
        refusal_events(asked_->target.api, refusal, usage_ ? usage_->place() : nowhere));
    stream_->end();
    stream_.reset();
    return;
  }
  if (!responder_) return;
  RefusalAnswer answer = refusal_answer(asked_->target.api, refusal);
  http::Response response;
  response.status = answer.status;
  for (const auto& [name, value] : answer.headers) response.headers.add(name, value);
  response.body = std::move(answer.body);
  http::Responder once = std::move(*responder_);
  responder_.reset();
  std::move(once).answer(std::move(response));
}

void ModelCall::finish(const Settled& settled) {
  const bool delivered =
      settled.kind == Settled::Kind::result || settled.kind == Settled::Kind::error;
  if (!delivered && !fault_) return refuse(refusal_of(settled, run_));
  if (fault_) {
    return refuse(fault_->stopped && !delivered ? refusal_of(settled, run_) : fault_->refusal);
  }
  if (stream_) {
    stream_->end();
    stream_.reset();
    return;
  }
  if (!responder_) return;
  http::Responder once = std::move(*responder_);
  responder_.reset();
  std::move(once).answer({head_.status, told(head_.headers), std::move(answer_)});
}

}  // namespace pawl::model
