// What Prometheus knows of every process: its names for these are the same everywhere.
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "app/watching.h"

namespace pawl::app {
namespace {

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t whole = 0, resident = 0;
  statm >> whole >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_files() {
  std::error_code wrong;
  double count = 0;
  for (const auto& file : std::filesystem::directory_iterator("/proc/self/fd", wrong)) {
    (void)file;
    ++count;
  }
  return count;
}

double files_max() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::string process_numbers() {
  using watch::Family;
  using enum Family::Kind;
  struct Number {
    std::string_view name, help;
    Family::Kind kind;
    double value;
  };
  const Number numbers[] = {
      {"process_cpu_seconds_total", "Time on processors.", counter, cpu_seconds()},
      {"process_resident_memory_bytes", "Memory that is there.", gauge, resident_bytes()},
      {"process_open_fds", "Open files.", gauge, open_files()},
      {"process_max_fds", "Files that may be open.", gauge, files_max()},
  };
  std::string out;
  for (const Number& number : numbers) {
    Family family(number.name, number.help, number.kind);
    family.set({}, number.value);
    family.write(out);
  }
  return out;
}

}  // namespace pawl::app
