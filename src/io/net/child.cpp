#include "io/net/child.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "io/net/child_state.h"

namespace pawl::net {
namespace {

// The destructor's patience with a process that has been killed.
constexpr int kReapMilliseconds = 1000;

std::optional<Exit> exit_of(const Fd& pidfd, int options) {
  siginfo_t what{};
  int outcome = 0;
  do {
    outcome = ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd.get()), &what,
                       WEXITED | options);
  } while (outcome != 0 && errno == EINTR);
  if (outcome != 0) return Exit{};  // not our child: its parent knows
  if (what.si_pid == 0) return std::nullopt;
  const bool exited = what.si_code == CLD_EXITED;
  return Exit{exited ? Exit::How::exited : Exit::How::signalled, what.si_status};
}

}  // namespace

std::string to_string(const Exit& exit) {
  switch (exit.how) {
    case Exit::How::exited:
      return fmt::format("exit status {}", exit.code);
    case Exit::How::signalled: {
      const char* name = ::sigabbrev_np(exit.code);
      return name != nullptr ? fmt::format("killed by SIG{}", name)
                             : fmt::format("killed by signal {}", exit.code);
    }
    case Exit::How::unknown:
      break;
  }
  return "exit status unknown";
}

Exit wait_for_exit(const Fd& pidfd) {
  return exit_of(pidfd, 0).value_or(Exit{});
}

Result<ProcessId> process_of(const Fd& pidfd) {
  std::ifstream entries(fmt::format("/proc/self/fdinfo/{}", pidfd.get()));
  std::string key;
  while (entries >> key) {
    if (key != "Pid:") continue;
    pid_t pid = -1;
    entries >> pid;
    if (pid <= 0) return fail(ErrorKind::missing, "the process has ended");
    Result<ProcessStat> stat = read_stat(pid);
    if (!stat) return std::unexpected(std::move(stat.error()));
    return stat->id;
  }
  return fail(ErrorKind::invalid, "not a descriptor of a process");
}

Status become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0) return {};
  return std::unexpected(system_error(ErrorKind::environment, "become a subreaper", errno));
}

Child::State::State(Loop& l, ProcessId process, Fd fd, bool is_ours)
    : loop(l), id(process), pidfd(std::move(fd)), ours(is_ours) {}

Child::State::~State() {
  let_go();
  if (!ours || reaped) return;
  pollfd gone{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  ::poll(&gone, 1, kReapMilliseconds);
  reap();
}

void Child::State::let_go() {
  if (std::exchange(finished, true)) return;
  kill_all(SIGKILL);
}

void Child::State::start_watching() {
  Result<Watch> watched = loop.watch(pidfd.get(), Interest::read, [this](Ready) {
    const std::shared_ptr<State> self = shared_from_this();
    leader_ended();
  });
  if (watched) watch = *std::move(watched);
}

void Child::State::leader_ended() {
  const std::optional<Exit> found = exit_of(pidfd, WNOHANG | WNOWAIT);
  if (!found || over) return;
  over = true;
  exit = *found;
  watch.reset();
  std::vector<Completion<bool>> told = std::exchange(waiters, {});
  for (Completion<bool>& one : told) one.deliver(true);
}

void Child::State::reap() {
  if (!ours || reaped) return;
  if (exit_of(pidfd, WNOHANG)) reaped = true;
}

// A picture of everybody who belongs to the leader, while the links to it still stand: an orphan
// forgets who its parent was.
void Child::State::remember() {
  const std::vector<ProcessStat> all = processes();
  std::vector<ProcessStat> found = descendants(id.pid, all);
  std::ranges::move(group_now(all), std::back_inserter(found));
  for (ProcessStat& one : found) {
    if (one.id == id) continue;
    const auto same = [&one](const ProcessStat& known) { return known.id == one.id; };
    const auto known = std::ranges::find_if(followers, same);
    if (known == followers.end()) {
      followers.push_back(std::move(one));
    } else {
      *known = std::move(one);
    }
  }
}

std::vector<ProcessStat> Child::State::group_now(const std::vector<ProcessStat>& all) const {
  const auto leads = [this](const ProcessStat& one) { return one.id.pid == id.pid; };
  const auto leader = std::ranges::find_if(all, leads);
  // The number belongs to another process by now: none of ours is left under it.
  if (leader != all.end() && leader->id != id) return {};
  return group_members(id.pid, all);
}

bool Child::State::group_is_ours() const {
  return ours ? !reaped : alive(id);
}

std::vector<ProcessStat> Child::State::living() {
  std::vector<ProcessStat> found;
  for (const ProcessStat& one : followers) {
    if (alive(one.id)) found.push_back(one);
  }
  // Looking at every process is dear: not while a process is known to live.
  if (!found.empty()) return found;
  remember();
  for (const ProcessStat& one : followers) {
    if (!one.dead() && alive(one.id)) found.push_back(one);
  }
  return found;
}

void Child::State::kill_all(int signal) {
  remember();
  // One by one first, and only who is still who we mean; then the group, newcomers included.
  for (const ProcessStat& one : followers) {
    const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, one.id.pid, 0)));
    if (!process.open() || !alive(one.id)) continue;
    if (one.group == id.pid && group_is_ours()) continue;
    ::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0);
  }
  if (group_is_ours()) ::kill(-id.pid, signal);
}

// Orphans that fell to us, where this process is a subreaper.
void Child::State::reap_followers() {
  for (const ProcessStat& one : followers) {
    const Result<ProcessStat> now = read_stat(one.id.pid);
    if (!now || now->id != one.id || !now->dead() || now->parent != ::getpid()) continue;
    ::waitid(P_PID, static_cast<id_t>(one.id.pid), nullptr, WEXITED | WNOHANG);
  }
}

Child::Child(Loop& loop, Started started)
    : input(std::move(started.input)),
      output(std::move(started.output)),
      error_output(std::move(started.error_output)),
      state_(std::make_shared<State>(loop, started.id, std::move(started.pidfd), true)) {
  state_->start_watching();
}

Child::Child(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<Child> Child::adopt(Loop& loop, Fd pidfd, Fd input, Fd output) {
  const Result<ProcessId> process = process_of(pidfd);
  if (!process) return std::unexpected(process.error());
  const Result<ProcessStat> stat = read_stat(process->pid);
  if (!stat || stat->id != *process) return fail(ErrorKind::missing, "the process has ended");
  if (stat->group != process->pid) {
    return fail(ErrorKind::invalid, "the process does not lead a group of its own");
  }
  Child child(std::make_shared<State>(loop, *process, std::move(pidfd), false));
  child.input = std::move(input);
  child.output = std::move(output);
  child.state_->start_watching();
  return child;
}

Child::Child(Child&&) noexcept = default;
Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    if (state_) state_->let_go();
    input = std::move(other.input);
    output = std::move(other.output);
    error_output = std::move(other.error_output);
    state_ = std::move(other.state_);
  }
  return *this;
}
Child::~Child() {
  if (state_) state_->let_go();
}

ProcessId Child::id() const {
  return state_->id;
}
bool Child::running() const {
  return !state_->over;
}
void Child::kill() {
  state_->kill_all(SIGKILL);
}

Task<Exit> Child::ended() {
  return State::wait(state_);
}

Task<Ending> Child::end_gently(Grace grace, Callback close_input) {
  input.reset();
  if (close_input) close_input();
  return State::climb(state_, grace);
}

}  // namespace pawl::net
