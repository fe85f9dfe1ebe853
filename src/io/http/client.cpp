#include "io/http/client.h"

#include <unistd.h>

#include <unordered_map>
#include <utility>
#include <vector>

#include "io/http/libcurl.h"
#include "io/http/transfer.h"

namespace pawl::http {
namespace {

constexpr int kStepsAtOnceMax = 4;
// Handles that wait for the next request. Each has the options that all of a client's have.
constexpr std::size_t kHandlesKeptMax = 32;

}  // namespace

// libcurl's set of transfers, its sockets watched by our loop and its one timer on our clock.
struct Client::State : std::enable_shared_from_this<Client::State> {
  State(net::Loop& l, ClientOptions o);
  ~State();

  void add(const std::shared_ptr<Transfer>& transfer);
  void look_later(std::shared_ptr<Transfer> transfer);
  void look();
  void act(curl_socket_t socket, int what);
  void reap();
  void remove(Transfer& transfer);
  void close();
  void watch(curl_socket_t socket, int what);
  void set_timer(long ms);
  void act_later();
  void act_now();
  void step(curl_socket_t socket, int what);

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* user, void* of_socket);
  static int on_timer(CURLM* multi, long ms, void* user);
  static int on_close(void* user, curl_socket_t socket);

  net::Loop& loop;
  ClientOptions options;
  Status usable;  // the library
  CURLM* multi = nullptr;
  std::unordered_map<curl_socket_t, net::Watch> watches;
  net::Timer timer;
  std::vector<EasyHandle> handles;  // of requests that posted something, and are over
  KnownAddress address;             // of the last request
  std::unordered_map<Transfer*, std::shared_ptr<Transfer>> transfers;
  std::vector<std::shared_ptr<Transfer>> changed;  // new, cancelled, or to go on: look at them
  bool acting = false;                             // inside of libcurl: it must not be called again
  bool look_posted = false;
  bool at_once = false;  // libcurl wants to be called in a later turn
  bool act_posted = false;
  bool closed = false;
};

Client::State::State(net::Loop& l, ClientOptions o) : loop(l), options(std::move(o)) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const Libcurl library = Libcurl::made();
  usable = fit(library);
  if (options.ca_file.empty()) options.ca_file = roots_elsewhere(library);
  multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                    static_cast<long>(options.connections_max));
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options.connections_per_host_max));
}

Client::State::~State() {
  handles.clear();
  curl_multi_cleanup(multi);
  curl_global_cleanup();
}

int Client::State::on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* user,
                             void* /*of_socket*/) {
  static_cast<State*>(user)->watch(socket, what);
  return 0;
}

int Client::State::on_timer(CURLM* /*multi*/, long ms, void* user) {
  static_cast<State*>(user)->set_timer(ms);
  return 0;
}

// A watch must not outlive its descriptor.
int Client::State::on_close(void* user, curl_socket_t socket) {
  static_cast<State*>(user)->watches.erase(socket);
  return ::close(socket);
}

void Client::State::watch(curl_socket_t socket, int what) {
  if (what == CURL_POLL_REMOVE || closed) {
    watches.erase(socket);
    return;
  }
  net::Interest interest = net::Interest::both;
  if (what == CURL_POLL_IN) interest = net::Interest::read;
  if (what == CURL_POLL_OUT) interest = net::Interest::write;
  const auto found = watches.find(socket);
  if (found != watches.end()) return found->second.set(interest);
  Result<net::Watch> made = loop.watch(socket, interest, [this, socket](net::Ready ready) {
    int happened = 0;
    if (ready.read) happened |= CURL_CSELECT_IN;
    if (ready.write) happened |= CURL_CSELECT_OUT;
    if (ready.gone) happened |= CURL_CSELECT_ERR;
    act(socket, happened);
  });
  if (made) watches.emplace(socket, *std::move(made));
}

void Client::State::set_timer(long ms) {
  timer.reset();
  at_once = ms == 0 && !closed;
  if (ms < 0 || closed) return;
  // Most of them: libcurl wants to go on in a later turn, which needs no clock.
  if (at_once) return act_later();
  timer = loop.after(Duration::milliseconds(ms), [this] { act(CURL_SOCKET_TIMEOUT, 0); });
}

void Client::State::act_later() {
  if (std::exchange(act_posted, true)) return;
  loop.post([self = shared_from_this()] {
    self->act_posted = false;
    self->act_now();
  });
}

void Client::State::act_now() {
  if (!closed && std::exchange(at_once, false)) act(CURL_SOCKET_TIMEOUT, 0);
}

void Client::State::act(curl_socket_t socket, int what) {
  const std::shared_ptr<State> self = shared_from_this();
  step(socket, what);
  // What libcurl wants to do at once needs no turn of the loop; a loop of its own does.
  for (int i = 0; i < kStepsAtOnceMax && !closed && std::exchange(at_once, false); ++i) {
    step(CURL_SOCKET_TIMEOUT, 0);
  }
}

void Client::State::step(curl_socket_t socket, int what) {
  int running = 0;
  acting = true;
  curl_multi_socket_action(multi, socket, what, &running);
  acting = false;
  if (closed) return;
  reap();
  look();
}

// Tells of what has ended.
void Client::State::reap() {
  int left = 0;
  while (!closed) {
    const CURLMsg* message = curl_multi_info_read(multi, &left);
    if (message == nullptr) return;
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    void* user = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
    const auto found = transfers.find(static_cast<Transfer*>(user));
    if (found == transfers.end()) continue;
    const std::shared_ptr<Transfer> transfer = found->second;
    transfer->fine = code == CURLE_OK;
    remove(*transfer);
    transfer->tell_end(transfer->outcome(code));
  }
}

void Client::State::remove(Transfer& transfer) {
  if (std::exchange(transfer.added, false)) curl_multi_remove_handle(multi, transfer.easy.get());
  const bool again = transfer.fine && transfer.posts() && handles.size() < kHandlesKeptMax;
  if (transfer.easy && again && !closed) {
    transfer.let_go_of_handle();
    handles.push_back(std::move(transfer.easy));
  }
  transfer.easy.reset();
  transfers.erase(&transfer);
}

void Client::State::look_later(std::shared_ptr<Transfer> transfer) {
  changed.push_back(std::move(transfer));
  if (std::exchange(look_posted, true)) return;
  loop.post([self = shared_from_this()] {
    self->look_posted = false;
    self->look();
    self->act_now();
  });
}

// Starts what is new, ends what was cancelled, goes on with what was paused.
void Client::State::look() {
  if (acting || closed) return;
  const std::shared_ptr<State> self = shared_from_this();
  for (const auto& transfer : std::exchange(changed, {})) {
    if (closed) return;
    if (transfer->cancelled) {
      remove(*transfer);
    } else if (transfer->over) {
      continue;
    } else if (!transfer->added) {
      add(transfer);
    } else if (!transfer->paused && std::exchange(transfer->stopped, false)) {
      acting = true;
      curl_easy_pause(transfer->easy.get(), CURLPAUSE_CONT);
      acting = false;
    }
  }
}

void Client::State::add(const std::shared_ptr<Transfer>& transfer) {
  if (transfer->posts() && !handles.empty()) {
    transfer->easy = std::move(handles.back());
    handles.pop_back();
  }
  Status ready = usable ? transfer->prepare(address, {&on_close, this}) : usable;
  if (ready && curl_multi_add_handle(multi, transfer->easy.get()) != CURLM_OK) {
    ready = fail(ErrorKind::environment, "libcurl takes no further request");
  }
  transfer->added = ready.has_value();
  if (ready) return;
  remove(*transfer);
  transfer->tell_end(std::move(ready.error()));
}

void Client::State::close() {
  if (std::exchange(closed, true)) return;
  const auto all = std::exchange(transfers, {});
  timer.reset();
  at_once = false;
  changed.clear();
  // Inside of a callback of libcurl the handles stay until it has returned: each transfer holds
  // what it needs, and the caller keeps the state.
  for (const auto& [pointer, transfer] : all) {
    const bool told_by_us = !transfer->cancelled;
    if (told_by_us) {
      transfer->tell_end(Error{ErrorKind::io, "the client of requests has ended", {}});
    }
    transfer->cancelled = true;
  }
  loop.post([self = shared_from_this(), all] {
    for (const auto& [pointer, transfer] : all) self->remove(*transfer);
    self->watches.clear();
  });
}

Fetch::Fetch(std::shared_ptr<Transfer> transfer) : transfer_(std::move(transfer)) {}
Fetch::Fetch(Fetch&&) noexcept = default;
Fetch& Fetch::operator=(Fetch&& other) noexcept {
  if (this != &other) {
    const Fetch before(std::exchange(transfer_, std::move(other.transfer_)));
  }
  return *this;
}
Fetch::~Fetch() {
  if (!transfer_ || transfer_->over) return;
  transfer_->cancelled = true;
  transfer_->let_go();
}

void Fetch::pause() {
  transfer_->paused = true;
}
void Fetch::resume() {
  transfer_->paused = false;
  transfer_->let_go();
}

bool Fetch::sent() const {
  return transfer_->sent;
}

Client::Client(net::Loop& loop, ClientOptions options)
    : state_(std::make_shared<State>(loop, std::move(options))) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&& other) noexcept {
  if (this != &other) {
    if (state_) state_->close();
    state_ = std::move(other.state_);
  }
  return *this;
}
Client::~Client() {
  if (state_) state_->close();
}

Fetch Client::start(Ask ask, FetchEvents events) {
  auto transfer = std::make_shared<Transfer>(state_->options, std::move(ask), std::move(events));
  transfer->let_go = [weak = std::weak_ptr(state_), pointer = transfer.get()] {
    const auto state = weak.lock();
    if (state && !state->closed) state->look_later(pointer->shared_from_this());
  };
  state_->transfers.emplace(transfer.get(), transfer);
  state_->look_later(transfer);
  return Fetch(std::move(transfer));
}

Task<Result<Answer>> Client::fetch(Ask ask) {
  Answer answer;
  Completion<std::optional<Error>> over;
  const Fetch fetch = start(
      std::move(ask),
      {.head =
           [&answer](AnswerHead head) {
             answer.status = head.status;
             answer.headers = std::move(head.headers);
           },
       .body = [&answer](std::string_view bytes) { answer.body += bytes; },
       .end = [over](std::optional<Error> error) mutable { over.deliver(std::move(error)); }});
  std::optional<Error> error = co_await over;
  if (error) co_return std::unexpected(*std::move(error));
  co_return answer;
}

std::size_t Client::under_way() const {
  return state_->transfers.size();
}

}  // namespace pawl::http
