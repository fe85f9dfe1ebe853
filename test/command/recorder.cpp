// Stands for every program of the test: writes its name and arguments behind the log beside its
// folder, prints a few words for its reader, and fails where its name begins with `f`.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <string>

int main(int argc, char** argv) {
  std::string self(4096, '\0');
  const ssize_t length = readlink("/proc/self/exe", self.data(), self.size());
  if (length <= 0) return 99;
  self.resize(static_cast<std::size_t>(length));
  const std::size_t slash = self.rfind('/');
  const std::string name = self.substr(slash + 1);
  const std::string log = self.substr(0, self.rfind('/', slash - 1)) + "/log";
  std::string line = name;
  for (int i = 1; i < argc; ++i) {
    line += '\x1f';
    for (const char* c = argv[i]; *c != '\0'; ++c) line += *c == '\n' ? '\x1e' : *c;
  }
  line += '\n';
  const int opened = open(log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  // Where the line closed its output, the log must not take its place.
  const int file = fcntl(opened, F_DUPFD_CLOEXEC, 10);
  if (opened < 10) close(opened);
  if (file < 0 || write(file, line.data(), line.size()) < 0) return 99;
  // A line that has become endless is stopped here.
  constexpr off_t log_bytes_max = 8192;
  if (lseek(file, 0, SEEK_END) > log_bytes_max) kill(0, SIGKILL);
  constexpr char words[] = "w1 -z\n";
  if (write(1, words, sizeof words - 1) < 0) return 1;
  return name[0] == 'f' ? 1 : 0;
}
