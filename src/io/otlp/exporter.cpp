#include "io/otlp/exporter.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace pawl::otlp {
namespace {

constexpr std::size_t kAnswerBytesMax = 64UL << 10;
constexpr Duration kLookAgain = Duration::milliseconds(20);

// Whether the same request may be taken later; the protocol names these.
bool worth_another_try(const Result<http::Answer>& answer) {
  if (!answer) return answer.error().fault != ErrorKind::refused;
  const int status = answer->status;
  return status == 429 || status == 502 || status == 503 || status == 504;
}

std::string what_went_wrong(const Result<http::Answer>& answer) {
  return answer ? fmt::format("it answered {}", answer->status) : answer.error().message;
}

bool taken(const Result<http::Answer>& answer) {
  return answer && answer->status >= 200 && answer->status <= 299;
}

}  // namespace

struct Exporter::State : std::enable_shared_from_this<Exporter::State> {
  State(net::Loop& l, ExporterSetup s, std::function<void(const std::string&)> t)
      : loop(l), setup(std::move(s)), tell(std::move(t)), client(l, setup.client) {}

  void plan(Duration after) {
    if (busy || over || queue.empty()) return;
    if (timer_set) return;
    timer_set = true;
    timer = loop.after(after, [this] {
      timer_set = false;
      begin();
    });
  }

  void begin() {
    if (busy || over || queue.empty()) return;
    busy = true;
    spawn(send(shared_from_this()));
  }

  http::Ask request(std::span<const Span> spans) const {
    http::Ask ask;
    ask.method = "POST";
    ask.url = setup.collector;
    ask.headers.add("content-type", "application/json");
    ask.body = to_json(setup.resource, spans);
    ask.body_bytes_max = kAnswerBytesMax;
    ask.deadline = setup.limits.deadline;
    return ask;
  }

  // Without what it wants to see, nothing is sent.
  static Task<Result<http::Answer>> ask(std::shared_ptr<State> self, http::Ask request) {
    if (self->setup.prove) {
      const auto proof = co_await self->setup.prove();
      PAWL_CO_TRY(proof);
      if (self->over) co_return fail(ErrorKind::environment, "the node ends");
      request.headers.add(proof->header, proof->value.bytes());
    }
    co_return co_await self->client.fetch(std::move(request));
  }

  static Task<void> send(std::shared_ptr<State> self) {
    const std::size_t many = std::min(self->queue.size(), self->setup.limits.batch_max);
    std::vector<Span> batch(std::make_move_iterator(self->queue.begin()),
                            std::make_move_iterator(self->queue.begin() + std::ptrdiff_t(many)));
    self->queue.erase(self->queue.begin(), self->queue.begin() + std::ptrdiff_t(many));
    self->under_way = many;
    Duration pause = self->setup.limits.again_after;
    for (unsigned round = 1; !self->over; ++round) {
      const Result<http::Answer> answer = co_await ask(self, self->request(batch));
      if (self->over) break;
      self->hear(answer);
      if (taken(answer)) {
        const std::uint64_t rejected = std::min<std::uint64_t>(rejected_spans(answer->body), many);
        self->sent += many - rejected;
        self->lost += rejected;
        self->under_way = 0;
        break;
      }
      if (!worth_another_try(answer) || round == self->setup.limits.tries_max) break;
      co_await self->loop.sleep(pause);
      pause = std::min({Duration{pause.ns * 2}, self->setup.limits.again_max},
                       [](Duration a, Duration b) { return a < b; });
    }
    self->lost += std::exchange(self->under_way, 0);
    self->busy = false;
    self->plan(self->hurry ? Duration{} : self->setup.limits.pause);
  }

  // Once when it fails, once when it does not any more.
  void hear(const Result<http::Answer>& answer) {
    const bool failed = !taken(answer);
    if (failed == std::exchange(failing, failed)) return;
    tell(failed ? "the collector of traces does not take them: " + what_went_wrong(answer)
                : "the collector of traces takes them again");
  }

  net::Loop& loop;
  ExporterSetup setup;
  std::function<void(const std::string&)> tell;
  http::Client client;
  std::deque<Span> queue;
  std::size_t under_way = 0;
  std::uint64_t sent = 0, lost = 0;
  bool busy = false, over = false, failing = false, timer_set = false, hurry = false;
  net::Timer timer;
};

Exporter::Exporter(net::Loop& loop, ExporterSetup setup,
                   std::function<void(const std::string&)> tell)
    : state_(std::make_shared<State>(loop, std::move(setup), std::move(tell))) {}

Exporter::~Exporter() {
  state_->over = true;
  state_->timer.reset();
}

void Exporter::add(std::vector<Span> spans) {
  if (waiting() + spans.size() > state_->setup.limits.waiting_max) {
    state_->lost += spans.size();
    return;
  }
  for (Span& span : spans) state_->queue.push_back(std::move(span));
  state_->plan(state_->setup.limits.pause);
}

Task<bool> Exporter::flush(Duration within) {
  const auto state = state_;
  state->hurry = true;
  const Duration until = state->loop.now() + within;
  state->begin();
  while ((state->busy || !state->queue.empty()) && state->loop.now() < until) {
    co_await state->loop.sleep(kLookAgain);
  }
  co_return state->queue.empty() && state->under_way == 0;
}

std::size_t Exporter::waiting() const {
  return state_->queue.size() + state_->under_way;
}

std::uint64_t Exporter::sent() const {
  return state_->sent;
}

std::uint64_t Exporter::lost() const {
  return state_->lost;
}

}  // namespace pawl::otlp
