// Load over HTTP from one thread, measured from the client's side.
//
//   http_load calls PORT PATH COUNT OPEN [--rate N] [--pid PID]… [--bearer KEY]…
//   http_load stateless PORT PATH COUNT OPEN [--rate N] [--pid PID]… [--bearer KEY]…
//   http_load plain PORT PATH COUNT OPEN [--rate N] [--pid PID]…
//   http_load idle PORT PATH COUNT 1 --pid PID [--bearer KEY]…
//
// `calls` opens as many sessions of MCP as OPEN says, each on a connection of its own, and calls
// read_thing COUNT times; `stateless` does so in the revision that has no sessions, and `plain`
// asks for a page in the same way. Without --rate each connection asks again when it was answered;
// with it, requests are due at even distances, wait for a free connection, and are measured from
// when they were due. Prints p50_us, p99_us, calls_per_s, and cpu_us_per_call of the processes.
// `idle` opens COUNT sessions that stay unused afterwards, and prints megabytes of the process
// before and after.
#include <sys/epoll.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "connection.h"

namespace load {
namespace {

using Clock = std::chrono::steady_clock;

struct Wanted {
  std::string mode;
  std::string port, path;
  long count = 0, open = 0;
  double rate = 0;
  std::vector<std::string> pids, bearers;
};

double cpu_us(const std::vector<std::string>& pids) {
  double ticks = 0;
  for (const std::string& pid : pids) {
    std::ifstream stat("/proc/" + pid + "/stat");
    const std::string all((std::istreambuf_iterator<char>(stat)), {});
    if (all.empty()) give_up("no process " + pid);
    std::istringstream fields(all.substr(all.rfind(')') + 2));
    std::string one;
    for (int i = 3; fields >> one && i <= 15; ++i) {
      if (i == 14 || i == 15) ticks += std::strtod(one.c_str(), nullptr);
    }
  }
  return ticks * 1e6 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double resident_mb(const std::string& pid) {
  std::ifstream status("/proc/" + pid + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  }
  give_up("no process " + pid);
}

// Ids of one length, so that the head of a request is made once.
std::string call_text(long number, bool stateless) {
  const std::string_view meta =
      stateless ? R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                  R"("io.modelcontextprotocol/clientCapabilities":{}},)"
                : "";
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(1'000'000'000 + number) +
         R"(,"method":"tools/call","params":{)" + std::string(meta) +
         R"("name":"read_thing","arguments":{"key":"k)" + std::to_string(1'000'000'000 + number) +
         R"(","filler":")" + std::string(380, 'f') + R"("}}})";
}

struct Caller {
  std::unique_ptr<Connection> connection;
  std::string head;
  Clock::time_point due{};
};

class Load {
 public:
  explicit Load(const Wanted& wanted) : wanted_(wanted), poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    plain_ = wanted.mode == "plain";
    stateless_ = wanted.mode == "stateless";
    for (long i = 0; i < wanted.open; ++i) {
      const std::string bearer =
          wanted.bearers.empty()
              ? ""
              : wanted.bearers[static_cast<std::size_t>(i) % wanted.bearers.size()];
      places_.push_back({wanted.port, wanted.path, bearer});
      Caller caller{std::make_unique<Connection>(places_.back()), {}, {}};
      caller.connection->stateless = stateless_;
      if (!plain_ && !stateless_) caller.connection->greet();
      const std::size_t bytes = call_text(0, stateless_).size();
      caller.head = caller.connection->head(plain_ ? "GET" : "POST", bytes);
      epoll_event event{.events = EPOLLIN, .data = {.u64 = callers_.size()}};
      ::epoll_ctl(poll_, EPOLL_CTL_ADD, caller.connection->fd(), &event);
      callers_.push_back(std::move(caller));
    }
  }
  ~Load() { ::close(poll_); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  void run() {
    warm_ = std::max(200L, wanted_.count / 20);
    started_ = Clock::now();
    for (Caller& one : callers_) free_.push_back(&one);
    while (answered_ < warm_ + wanted_.count) {
      feed();
      wait();
    }
    report();
  }

 private:
  Clock::time_point due(long number) const {
    return started_ + std::chrono::nanoseconds(
                          static_cast<long>(1e9 / wanted_.rate * static_cast<double>(number)));
  }
  void feed() {
    while (!free_.empty() && sent_ < warm_ + wanted_.count) {
      const auto now = Clock::now();
      const auto at = wanted_.rate > 0 ? due(sent_) : now;
      if (at > now) return;
      Caller& caller = *free_.front();
      free_.pop_front();
      caller.due = at;
      caller.connection->send(plain_ ? caller.head : caller.head + call_text(sent_, stateless_));
      ++sent_;
    }
  }
  void wait() {
    epoll_event events[64];
    timespec pause{1, 0};
    const bool waits = wanted_.rate > 0 && !free_.empty() && sent_ < warm_ + wanted_.count;
    if (waits) {
      const auto left = std::max(Clock::duration::zero(), due(sent_) - Clock::now());
      pause = {0, std::chrono::duration_cast<std::chrono::nanoseconds>(left).count()};
    }
    const int ready = ::epoll_pwait2(poll_, events, 64, &pause, nullptr);
    for (int i = 0; i < ready; ++i) take(callers_[events[i].data.u64]);
  }
  void take(Caller& caller) {
    if (!caller.connection->receive()) return;
    const std::string_view text = caller.connection->answer();
    // The server's own words: a refusal has them in none of its sentences.
    if (text.find(R"({"type":"text","text":"done"}])") == text.npos) {
      give_up("refused: " + std::string(text));
    }
    caller.connection->next();
    const auto now = Clock::now();
    if (answered_ >= warm_) {
      took_.push_back(std::chrono::duration<double, std::micro>(now - caller.due).count());
    }
    if (++answered_ == warm_) {
      used_ = cpu_us(wanted_.pids);
      began_ = now;
    }
    free_.push_back(&caller);
  }
  void report() {
    const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
    const double used = cpu_us(wanted_.pids) - used_;
    std::sort(took_.begin(), took_.end());
    const auto at = [this](double q) {
      const auto place = static_cast<std::size_t>(q * static_cast<double>(took_.size()));
      return took_[std::min(took_.size() - 1, place)];
    };
    const auto count = static_cast<double>(wanted_.count);
    std::printf("{\"p50_us\":%.1f,\"p99_us\":%.1f,\"calls_per_s\":%.0f,\"cpu_us_per_call\":%.2f}\n",
                at(0.5), at(0.99), count / seconds, used / count);
  }

  const Wanted& wanted_;
  int poll_;
  bool plain_ = false, stateless_ = false;
  std::deque<Place> places_;
  std::vector<Caller> callers_;
  std::deque<Caller*> free_;
  long warm_ = 0, sent_ = 0, answered_ = 0;
  double used_ = 0;
  Clock::time_point started_{}, began_{};
  std::vector<double> took_;
};

void open_idle_sessions(const Wanted& wanted) {
  std::deque<Place> places;
  if (wanted.bearers.empty()) places.push_back({wanted.port, wanted.path, ""});
  for (const std::string& key : wanted.bearers) places.push_back({wanted.port, wanted.path, key});
  std::vector<std::unique_ptr<Connection>> connections;
  for (const Place& place : places) connections.push_back(std::make_unique<Connection>(place));
  for (const auto& one : connections) one->greet();  // what the first session alone brings along
  const double before = resident_mb(wanted.pids.front());
  for (long i = 0; i < wanted.count; ++i) {
    Connection& one = *connections[static_cast<std::size_t>(i) % connections.size()];
    one.session.clear();
    one.greet();
  }
  const double after = resident_mb(wanted.pids.front());
  std::printf("{\"sessions\":%ld,\"before_mb\":%.1f,\"resident_mb\":%.1f}\n", wanted.count, before,
              after);
}

}  // namespace
}  // namespace load

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 5) load::give_up("MODE PORT PATH COUNT OPEN …");
  load::Wanted wanted{.mode = words[0],
                      .port = words[1],
                      .path = words[2],
                      .count = std::strtol(words[3].c_str(), nullptr, 10),
                      .open = std::strtol(words[4].c_str(), nullptr, 10),
                      .pids = {},
                      .bearers = {}};
  for (std::size_t i = 5; i + 1 < words.size(); i += 2) {
    if (words[i] == "--rate") wanted.rate = std::strtod(words[i + 1].c_str(), nullptr);
    if (words[i] == "--pid") wanted.pids.push_back(words[i + 1]);
    if (words[i] == "--bearer") wanted.bearers.push_back(words[i + 1]);
  }
  if (wanted.mode == "idle") {
    load::open_idle_sessions(wanted);
  } else {
    load::Load(wanted).run();
  }
  return 0;
}
