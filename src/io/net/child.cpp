#include "io/net/child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "io/net/child_state.h"
#include "io/net/port.h"

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
    PAWL_TRY(stat);
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
  PAWL_TRY(process);
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

// Starting a program: everything between a ChildSpec and a running process.

namespace {

constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

// What the new process could not do; sent through a pipe that closes when the program is loaded.
enum class Step : int { group, death_signal, descriptors, directory, program };
struct Complaint {
  Step step;
  int number;  // errno
};

// All that the child's side needs, prepared while allocating is still allowed.
struct Plan {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* directory;  // null: stay
  int standard[3];
  int complaints;
  pid_t parent;
};

[[noreturn]] void complain(const Plan& plan, Step step) {
  const Complaint complaint{step, errno};
  [[maybe_unused]] const ssize_t n = ::write(plan.complaints, &complaint, sizeof complaint);
  ::_exit(127);
}

void reset_signals() {
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// Runs in the new process, which may share memory with the old one until the program is loaded:
// nothing here allocates, locks or returns.
[[noreturn]] void become(const Plan& plan) {
  if (::setpgid(0, 0) != 0) complain(plan, Step::group);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) complain(plan, Step::death_signal);
  // The parent may have died before the line above: then no one would send that signal.
  if (::getppid() != plan.parent) ::_exit(127);
  for (int number = 0; number < 3; ++number) {
    if (::dup2(plan.standard[number], number) < 0) complain(plan, Step::descriptors);
  }
  // Whatever else is open stays ours, descriptors of careless libraries included.
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  if (plan.directory != nullptr && ::chdir(plan.directory) != 0) complain(plan, Step::directory);
  reset_signals();
  ::execve(plan.program, plan.arguments, plan.environment);
  complain(plan, Step::program);
}

bool runnable(const std::string& path) {
  struct stat what{};
  return ::stat(path.c_str(), &what) == 0 && S_ISREG(what.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

std::string_view path_of(const std::vector<std::string>& environment) {
  for (const std::string& entry : environment) {
    if (entry.starts_with("PATH=")) return std::string_view(entry).substr(5);
  }
  return kDefaultPath;
}

// The file to load. With a slash in the name it is that file, seen from the child's directory.
Result<std::string> find_program(const ChildSpec& spec) {
  const std::string& name = spec.command.front();
  if (name.find('/') != std::string::npos) return name;
  const std::string_view path = path_of(spec.environment);
  for (const std::string_view folder : split(path, ':')) {
    // An empty entry means the current directory: a trap, and never what a server is named for.
    if (!folder.starts_with('/')) continue;
    std::string candidate = fmt::format("{}/{}", folder, name);
    if (runnable(candidate)) return candidate;
  }
  return fail(ErrorKind::missing, fmt::format("cannot find `{}` in PATH `{}`", name, path));
}

Status check(const ChildSpec& spec) {
  if (spec.command.empty() || spec.command.front().empty()) {
    return fail(ErrorKind::usage, "no command to start");
  }
  for (const auto* list : {&spec.command, &spec.environment}) {
    for (const std::string& word : *list) {
      if (word.find('\0') != std::string::npos) {
        return fail(ErrorKind::invalid, "a command or its environment holds a NUL byte");
      }
    }
  }
  for (const std::string& entry : spec.environment) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorKind::invalid,
                  fmt::format("`{}` is not of the form NAME=value", entry.substr(0, equals)));
    }
  }
  return {};
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> found;
  found.reserve(words.size() + 1);
  for (const std::string& word : words) found.push_back(const_cast<char*>(word.c_str()));
  found.push_back(nullptr);
  return found;
}

// The child's three descriptors and our ends of them.
struct Ends {
  Fd theirs[3];
  Fd ours[3];
};

Status connect(Fd& reads, Fd& writes) {
  Result<PipePair> pair = make_pipe();
  PAWL_TRY(pair);
  // Numbers 0 to 2 would be overwritten by the child before it has used them.
  Result<Fd> read = pair->read.get() < 3 ? pair->read.duplicate() : std::move(pair->read);
  Result<Fd> write = pair->write.get() < 3 ? pair->write.duplicate() : std::move(pair->write);
  PAWL_TRY(read);
  PAWL_TRY(write);
  reads = *std::move(read);
  writes = *std::move(write);
  return {};
}

Result<Ends> connect_all(ErrorOutput error_output) {
  Ends ends;
  Status made = connect(ends.theirs[0], ends.ours[0]);
  if (made) made = connect(ends.ours[1], ends.theirs[1]);
  if (made && error_output == ErrorOutput::pipe) made = connect(ends.ours[2], ends.theirs[2]);
  PAWL_TRY(made);
  if (error_output != ErrorOutput::pipe) {
    const bool discard = error_output == ErrorOutput::discard;
    const int fd = discard ? ::open("/dev/null", O_WRONLY | O_CLOEXEC) : 2;
    ends.theirs[2] = Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (discard) ::close(fd);
    if (!ends.theirs[2].open()) {
      return std::unexpected(system_error(ErrorKind::environment, "open the error output", errno));
    }
  }
  // Each end of a fresh pipe is a description of its own: the child's ends keep blocking.
  for (const Fd& end : ends.ours) {
    if (end.open()) set_nonblocking(end);
  }
  return ends;
}

Error explain(const Complaint& complaint, const ChildSpec& spec, const std::string& program) {
  const ErrorKind fault = complaint.number == ENOENT ? ErrorKind::missing : ErrorKind::environment;
  switch (complaint.step) {
    case Step::group:
      return system_error(fault, "make a process group", complaint.number);
    case Step::death_signal:
      return system_error(fault, "tie a child to its parent", complaint.number);
    case Step::descriptors:
      return system_error(fault, "set up a child's descriptors", complaint.number);
    case Step::directory:
      return system_error(fault, fmt::format("enter `{}`", spec.directory), complaint.number);
    case Step::program:
      break;
  }
  Error error = system_error(fault, fmt::format("start `{}`", program), complaint.number);
  if (complaint.number == ENOENT && runnable(program)) {
    error.message += " (the interpreter that its first line names)";
  }
  return error;
}

// Signals are held back: a handler of ours must not run in the child while memory is shared.
pid_t launch(const Plan& plan) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  // posix_spawn knows no death signal; fork would copy the page tables of a node with a large heap.
  const pid_t pid = ::vfork();  // NOLINT(bugprone-unsafe-functions)
  if (pid == 0) become(plan);
  const int number = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = number;
  return pid;
}

Result<Started> take(pid_t pid, Ends ends) {
  Started started;
  started.pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const int number = errno;
  Result<ProcessStat> stat = read_stat(pid);
  if (!started.pidfd.open() || !stat) {
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    PAWL_TRY(stat);
    return std::unexpected(system_error(ErrorKind::environment, "watch a child process", number));
  }
  started.id = stat->id;
  started.input = std::move(ends.ours[0]);
  started.output = std::move(ends.ours[1]);
  started.error_output = std::move(ends.ours[2]);
  return started;
}

}  // namespace

Result<Started> start(const ChildSpec& spec) {
  PAWL_TRY(check(spec));
  const Result<std::string> program = find_program(spec);
  PAWL_TRY(program);
  Result<Ends> ends = connect_all(spec.error_output);
  PAWL_TRY(ends);
  Fd complaints;
  Fd complaints_in;
  PAWL_TRY(connect(complaints, complaints_in));

  const std::vector<char*> arguments = pointers(spec.command);
  const std::vector<char*> environment = pointers(spec.environment);
  const Plan plan{.program = program->c_str(),
                  .arguments = arguments.data(),
                  .environment = environment.data(),
                  .directory = spec.directory.empty() ? nullptr : spec.directory.c_str(),
                  .standard = {ends->theirs[0].get(), ends->theirs[1].get(), ends->theirs[2].get()},
                  .complaints = complaints_in.get(),
                  .parent = ::getpid()};
  const pid_t pid = launch(plan);
  if (pid < 0) {
    return std::unexpected(system_error(ErrorKind::environment, "make a process", errno));
  }
  complaints_in.reset();
  for (Fd& theirs : ends->theirs) theirs.reset();

  Complaint complaint{};
  ssize_t count = 0;
  do {
    count = ::read(complaints.get(), &complaint, sizeof complaint);
  } while (count < 0 && errno == EINTR);
  if (count == sizeof complaint) {
    ::waitpid(pid, nullptr, 0);
    return std::unexpected(explain(complaint, spec, *program));
  }
  return take(pid, *std::move(ends));
}

}  // namespace pawl::net
