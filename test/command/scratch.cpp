#include "scratch.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace pawl {
namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& path) {
  std::ofstream(path) << "text\n";
}

[[noreturn]] void become(const std::string& root, const std::string& file,
                         const std::vector<std::string>& words) {
  setpgid(0, 0);
  const std::string work = root + "/work";
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  const bool ready =
      chdir(work.c_str()) == 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2;
  const rlimit seconds{5, 5};
  const rlimit bytes{1 << 20, 1 << 20};
  if (!ready || setrlimit(RLIMIT_CPU, &seconds) != 0 || setrlimit(RLIMIT_FSIZE, &bytes) != 0) {
    _exit(98);
  }
  const std::string path = "PATH=" + root + "/bin";
  const std::string home = "HOME=" + work;
  const char* environment[] = {path.c_str(), home.c_str(),     "x=v -w",
                               "y=-z k",     "LC_ALL=C.UTF-8", nullptr};
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  arguments.push_back(nullptr);
  // NOLINTNEXTLINE: execve does not change what it is given
  execve(file.c_str(), const_cast<char**>(arguments.data()), const_cast<char**>(environment));
  _exit(98);
}

}  // namespace

Scratch::Scratch(const std::vector<std::string>& more, const std::vector<std::string>& real) {
  char name[] = "/tmp/pawl-command-XXXXXX";
  if (mkdtemp(name) == nullptr) throw std::runtime_error("no scratch folder");
  root_ = name;
  fs::create_directory(root_ + "/bin");
  fs::copy_file(PAWL_RECORDER, root_ + "/recorder");
  for (const char* program :
       {"a", "b", "c", "d", "f1", "f2", "ls", "rm", "w1", "p", "q1", "v", "k"}) {
    fs::create_hard_link(root_ + "/recorder", root_ + "/bin/" + program);
  }
  for (const std::string& program : more) {
    std::error_code known;  // `ls` is one of those above
    fs::create_hard_link(root_ + "/recorder", root_ + "/bin/" + program, known);
  }
  for (const char* program : {"env", "timeout", "nice", "xargs", "find", "bash", "dash"}) {
    fs::create_symlink("/usr/bin/" + std::string(program), root_ + "/bin/" + program);
  }
  for (const std::string& program : real) {
    fs::create_symlink("/usr/bin/" + program, root_ + "/bin/" + program);
  }
  fs::create_symlink("/usr/bin/dash", root_ + "/bin/sh");
  // Programs in the background become children of the test, so that it can wait for them.
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) throw std::runtime_error("no subreaper");
  struct sigaction wake{};
  wake.sa_handler = [](int) {};  // interrupts the wait, and nothing else
  if (sigaction(SIGALRM, &wake, nullptr) != 0) throw std::runtime_error("no alarm");
  tidy();
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

void Scratch::tidy() {
  const fs::path work = root_ + "/work";
  fs::remove_all(work);
  fs::create_directories(work / "sub");
  for (const char* name : {"p.c", "q.c", "-rf", "p", "sub/-x", "sub/y.c", "o1"})
    write_file(work / name);
}

// All that the line started; what does not end by itself is ended, and counted.
void Scratch::wait_for_all(int child) {
  constexpr unsigned line_seconds_max = 10;
  alarm(line_seconds_max);
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, 0);
    if (pid > 0) continue;
    if (errno == ECHILD) break;
    ++ended_;
    kill(-child, SIGKILL);
    alarm(line_seconds_max);
  }
  alarm(0);
}

std::vector<Ran> Scratch::run(const std::string& shell, const std::string& name,
                              const std::string& line) {
  return run(shell, {name, "-c", line});
}

std::vector<Ran> Scratch::start(const std::vector<std::string>& words) {
  return run(root_ + "/bin/" + words.at(0), words);
}

std::vector<std::string> Scratch::files() const {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(root_ + "/work")) {
    const bool plain = entry.is_regular_file();
    out.push_back(entry.path().string() + " " + (plain ? std::to_string(entry.file_size()) : "-"));
  }
  std::ranges::sort(out);
  return out;
}

std::vector<Ran> Scratch::run(const std::string& file, const std::vector<std::string>& words) {
  const std::string log = root_ + "/log";
  unlink(log.c_str());
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) become(root_, file, words);
  wait_for_all(child);
  std::vector<Ran> out;
  std::ifstream in(log);
  for (std::string text; std::getline(in, text);) {
    Ran ran;
    std::istringstream fields(text);
    std::string field;
    std::getline(fields, ran.program, '\x1f');
    // A last empty field is an argument too.
    std::string rest = text.substr(ran.program.size());
    while (!rest.empty()) {
      const std::size_t next = rest.find('\x1f', 1);
      field = rest.substr(1, next == std::string::npos ? next : next - 1);
      for (char& c : field) c = c == '\x1e' ? '\n' : c;
      ran.arguments.push_back(field);
      rest = next == std::string::npos ? "" : rest.substr(next);
    }
    out.push_back(std::move(ran));
  }
  return out;
}

}  // namespace pawl
