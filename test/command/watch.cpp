#include "watch.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace pawl {
namespace {

namespace fs = std::filesystem;

constexpr unsigned run_seconds_max = 4;

void write_file(const fs::path& path, std::string_view text) {
  std::ofstream(path) << text;
}

// Of all system calls these are looked at.
constexpr auto kWatched =
    std::to_array<long>({SYS_execve, SYS_execveat, SYS_connect, SYS_sendto, SYS_openat});

bool install_filter() {
  std::vector<sock_filter> code;
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const long call : kWatched) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  }
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

[[noreturn]] void become(const std::string& root, const std::vector<std::string>& words) {
  setpgid(0, 0);
  const std::string work = root + "/work";
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  const bool ready =
      chdir(work.c_str()) == 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2;
  const rlimit seconds{2, 2};
  const rlimit bytes{1 << 20, 1 << 20};
  if (!ready || setrlimit(RLIMIT_CPU, &seconds) != 0 || setrlimit(RLIMIT_FSIZE, &bytes) != 0) {
    _exit(98);
  }
  const std::array<std::string, 7> settings = {"PATH=" + root + "/bin:/usr/bin:/bin",
                                               "HOME=" + root + "/home",
                                               "TMPDIR=" + root + "/tmp",
                                               "LC_ALL=C.UTF-8",
                                               "GIT_OPTIONAL_LOCKS=0",
                                               "GIT_CONFIG_NOSYSTEM=1",
                                               "GIT_TERMINAL_PROMPT=0"};
  std::vector<const char*> environment;
  for (const std::string& one : settings) environment.push_back(one.c_str());
  environment.push_back(nullptr);
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  arguments.push_back(nullptr);
  const std::string file = "/usr/bin/" + words.at(0);
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(97);
  raise(SIGSTOP);
  if (!install_filter()) _exit(97);
  // NOLINTNEXTLINE: execve does not change what it is given
  execve(file.c_str(), const_cast<char**>(arguments.data()),
         const_cast<char**>(environment.data()));
  _exit(98);
}

std::string text_at(pid_t pid, std::uint64_t address) {
  std::string out(4096, '\0');
  // Not beyond the page, behind which there may be none.
  const std::size_t length = std::min<std::size_t>(out.size(), 4096 - address % 4096);
  const auto read = [&](std::size_t from, std::size_t size) {
    const iovec local{out.data() + from, size};
    // NOLINTNEXTLINE: an address of another process
    const iovec remote{reinterpret_cast<void*>(address + from), size};
    return process_vm_readv(pid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
  };
  if (!read(0, length)) return {};
  if (out.find('\0') >= length) read(length, out.size() - length);
  out.resize(std::min(out.find('\0'), out.size()));
  return out;
}

std::string link_of(const std::string& path) {
  std::error_code none;
  return fs::read_symlink(path, none).string();
}

class Watch {
 public:
  Watch(pid_t child, const std::string& root) : child_(child), root_(root) {}

  // Until no process is left.
  Happened all() {
    alarm(run_seconds_max);
    for (;;) {
      int status = 0;
      const pid_t pid = waitpid(-1, &status, __WALL);
      if (pid < 0 && errno == ECHILD) break;
      if (pid < 0) {
        out_.ended = true;
        kill(-child_, SIGKILL);
        for (const pid_t one : alive_) kill(one, SIGKILL);
        alarm(run_seconds_max);
        continue;
      }
      if (WIFSTOPPED(status)) {
        alive_.insert(pid);
        stopped(pid, status);
      } else {
        alive_.erase(pid);
      }
    }
    alarm(0);
    return std::move(out_);
  }

 private:
  void stopped(pid_t pid, int status) {
    const int event = status >> 16;
    if (event == PTRACE_EVENT_SECCOMP) look(pid);
    int signal = event != 0 ? 0 : WSTOPSIG(status);
    if (signal == SIGSTOP || signal == SIGTRAP) signal = 0;
    if (!ready_ && pid == child_) {
      ready_ = true;
      constexpr long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                               PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
      ptrace(PTRACE_SETOPTIONS, pid, nullptr, options);
    }
    ptrace(PTRACE_CONT, pid, nullptr, static_cast<long>(signal));
  }

  void look(pid_t pid) {
    __ptrace_syscall_info stop{};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof stop, &stop) <= 0) return;
    const auto& words = stop.seccomp.args;
    switch (stop.seccomp.nr) {
      case SYS_execve:
        start(text_at(pid, words[0]));
        break;
      case SYS_execveat:
        start(text_at(pid, words[1]));
        break;
      case SYS_connect:
        connect(pid, words[1], words[2]);
        break;
      case SYS_sendto:
        if (words[4] != 0) connect(pid, words[4], words[5]);
        break;
      case SYS_openat:
        opened(pid, static_cast<int>(words[0]), text_at(pid, words[1]), words[2]);
        break;
      default:
        break;
    }
  }

  // The first is the program itself.
  void start(std::string file) {
    // Places of the PATH are tried one by one.
    const bool there = !file.starts_with('/') || access(file.c_str(), X_OK) == 0;
    if (seen_ && there) out_.started.push_back(std::move(file));
    seen_ = true;
  }

  void connect(pid_t pid, std::uint64_t address, std::uint64_t size) {
    sockaddr_storage to{};
    const iovec local{&to, std::min<std::size_t>(size, sizeof to)};
    // NOLINTNEXTLINE: an address of another process
    const iovec remote{reinterpret_cast<void*>(address), local.iov_len};
    if (process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0) return;
    if (to.ss_family == AF_UNIX) {
      sockaddr_un there{};
      std::memcpy(&there, &to, sizeof there);
      const std::string path(there.sun_path, strnlen(there.sun_path, sizeof there.sun_path));
      if (!path.contains("nscd")) out_.connected.push_back("unix " + path);
    } else if (to.ss_family == AF_INET || to.ss_family == AF_INET6) {
      sockaddr_in there{};
      std::memcpy(&there, &to, sizeof there);
      out_.connected.push_back("inet " + std::to_string(ntohs(there.sin_port)));
    }
  }

  void opened(pid_t pid, int folder, const std::string& path, std::uint64_t flags) {
    if ((flags & O_ACCMODE) == O_WRONLY || (flags & (O_DIRECTORY | O_PATH)) != 0) return;
    const std::string process = "/proc/" + std::to_string(pid);
    const std::string base =
        link_of(folder == AT_FDCWD ? process + "/cwd" : process + "/fd/" + std::to_string(folder));
    const fs::path whole = path.starts_with('/') ? fs::path(path) : fs::path(base) / path;
    const std::string clean = whole.lexically_normal().string();
    std::error_code none;
    if (clean.starts_with(root_) && !clean.contains("/.git/") && fs::is_regular_file(clean, none))
      out_.opened.push_back(clean);
  }

  pid_t child_;
  const std::string& root_;
  Happened out_;
  std::set<pid_t> alive_;
  bool ready_ = false;
  bool seen_ = false;
};

}  // namespace

WatchedFolder::WatchedFolder() {
  char name[] = "/tmp/pawl-watched-XXXXXX";
  if (mkdtemp(name) == nullptr) throw std::runtime_error("no scratch folder");
  root_ = name;
  work_ = root_ + "/work";
  fs::create_directory(root_ + "/bin");
  fs::copy_file(PAWL_RECORDER, root_ + "/recorder");
  for (const char* program : {"a", "b", "x", "new1", "p.c"}) {
    fs::create_hard_link(root_ + "/recorder", root_ + "/bin/" + program);
  }
  struct sigaction wake{};
  wake.sa_handler = [](int) {};  // interrupts the wait, and nothing else
  if (sigaction(SIGALRM, &wake, nullptr) != 0) throw std::runtime_error("no alarm");
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) throw std::runtime_error("no subreaper");
  fill();
  clean_ = look();
  // What is to be seen is seen.
  const Happened tried = run({"sh", "-c", "cat p.c > made; :"});
  works_ = std::ranges::find(tried.changed, work_ + "/made") != tried.changed.end() &&
           !tried.started.empty() && !tried.opened.empty();
}

WatchedFolder::~WatchedFolder() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

// Files, links, archives and a repository.
void WatchedFolder::fill() {
  for (const char* folder : {"work", "home", "tmp", "outside"}) {
    fs::create_directories(root_ + "/" + folder);
  }
  fs::create_directories(work_ + "/sub/deep");
  fs::create_directory(work_ + "/empty");
  write_file(work_ + "/p.c", "text\nmore text\n3 4 5\n");
  write_file(work_ + "/q.c", "text\nother\n");
  write_file(work_ + "/list", "p.c\nq.c\n");
  write_file(work_ + "/j.json", "{\"a\": [1, 2, {\"b\": null}]}\n");
  write_file(work_ + "/sub/y.c", "y\n");
  write_file(work_ + "/sub/deep/z", "z\n");
  write_file(root_ + "/outside/o.c", "o\n");
  fs::create_symlink("q.c", work_ + "/link");
  const std::string make =
      "cd '" + work_ + "' && export HOME='" + root_ +
      "/home' GIT_CONFIG_NOSYSTEM=1 && tar -cf t.tar p.c sub && gzip -c t.tar > t.tgz && "
      "git init -q -b main . && git config user.name n && git config user.email e@x && "
      "git config gc.auto 0 && git add p.c q.c sub && git commit -qm one && echo new >> p.c && "
      "git commit -qam two && git branch side HEAD~1 && git tag v1 && echo newer >> q.c && "
      "git stash -q && echo last >> p.c";
  // NOLINTNEXTLINE: a line of this file
  if (std::system(make.c_str()) != 0) throw std::runtime_error("no files to work with");
}

WatchedFolder::Files WatchedFolder::look() const {
  Files out;
  for (const char* top : {"/work", "/home", "/outside"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root_ + top)) {
      struct stat found{};
      if (lstat(entry.path().c_str(), &found) != 0) continue;
      File file{found.st_mode, 0, {}};
      if (S_ISREG(found.st_mode)) {
        file.changed_at = found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec;
        std::ifstream in(entry.path(), std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        file.content = text.str();
      } else if (S_ISLNK(found.st_mode)) {
        file.content = link_of(entry.path().string());
      }
      out.emplace(entry.path().string(), std::move(file));
    }
  }
  return out;
}

// Everything again as it was, times included.
void WatchedFolder::restore() {
  for (const char* top : {"/work", "/home", "/outside", "/tmp"}) {
    const std::string folder = root_ + top;
    chmod(folder.c_str(), 0755);
    fs::remove_all(folder);
    fs::create_directory(folder);
  }
  for (const auto& [path, file] : clean_) {
    if (S_ISDIR(file.mode)) {
      fs::create_directory(path);
    } else if (S_ISLNK(file.mode)) {
      fs::create_symlink(file.content, path);
    } else {
      write_file(path, file.content);
      const timespec at{file.changed_at / 1'000'000'000, file.changed_at % 1'000'000'000};
      const timespec both[] = {at, at};
      utimensat(AT_FDCWD, path.c_str(), both, 0);
    }
    if (!S_ISLNK(file.mode)) chmod(path.c_str(), file.mode & 07777);
  }
}

Happened WatchedFolder::run(const std::vector<std::string>& words) {
  if (dirty_) restore();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) become(root_, words);
  Happened out = Watch(child, root_).all();
  const Files after = look();
  for (const auto& [path, file] : after) {
    const auto before = clean_.find(path);
    if (before == clean_.end() || before->second != file) out.changed.push_back(path);
  }
  for (const auto& [path, file] : clean_) {
    if (!after.contains(path)) out.changed.push_back(path);
  }
  dirty_ = !out.changed.empty();
  return out;
}

}  // namespace pawl
