// Calls through a stdio chain, measured from the client's side.
//
//   stdio_bench TOOL COUNT OPEN [--cpu-of TEXT] -- COMMAND…
//
// Starts COMMAND, speaks MCP to it, makes COUNT calls of TOOL with OPEN of them outstanding, and
// prints one JSON line: p50_us, p99_us, calls_per_s, and cpu_us_per_call of the processes whose
// command line holds TEXT (the part in the middle), as the kernel counts it.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Chain {
  pid_t pid = 0;
  int in = -1, out = -1;
  std::string buffer;
};

Chain start(const std::vector<std::string>& words) {
  int to[2], from[2];
  if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) std::exit(2);
  Chain chain;
  chain.pid = ::fork();
  if (chain.pid == 0) {
    ::dup2(to[0], 0);
    ::dup2(from[1], 1);
    std::vector<char*> pointers;
    for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
  }
  ::close(to[0]);
  ::close(from[1]);
  chain.in = to[1];
  chain.out = from[0];
  return chain;
}

void send(Chain& chain, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(chain.in, text.data() + done, text.size() - done);
    if (count <= 0) std::exit(3);
    done += static_cast<std::size_t>(count);
  }
}

std::string line(Chain& chain) {
  for (;;) {
    const std::size_t end = chain.buffer.find('\n');
    if (end != std::string::npos) {
      std::string text = chain.buffer.substr(0, end);
      chain.buffer.erase(0, end + 1);
      return text;
    }
    char chunk[65536];
    const ssize_t count = ::read(chain.out, chunk, sizeof chunk);
    if (count <= 0) std::exit(4);
    chain.buffer.append(chunk, static_cast<std::size_t>(count));
  }
}

// The id of an answer, or -1 for everything else.
long answer_id(const std::string& text) {
  const std::size_t at = text.find("\"id\":");
  if (at == std::string::npos || text.find("\"method\":") != std::string::npos) return -1;
  return std::strtol(text.c_str() + at + 5, nullptr, 10);
}

void await(Chain& chain, long id) {
  while (answer_id(line(chain)) != id) {
  }
}

// Microseconds of CPU of every process whose command line holds the text.
double cpu_of(const std::string& text) {
  double ticks = 0;
  DIR* proc = ::opendir("/proc");
  if (proc == nullptr) return 0;
  while (const dirent* entry = ::readdir(proc)) {
    const std::string base = std::string("/proc/") + entry->d_name;
    std::ifstream command(base + "/cmdline");
    std::stringstream words;
    words << command.rdbuf();
    std::string joined = words.str();
    std::replace(joined.begin(), joined.end(), '\0', ' ');
    if (joined.find(text) == std::string::npos || joined.find("stdio_bench") != std::string::npos) {
      continue;
    }
    std::ifstream stat(base + "/stat");
    std::string all((std::istreambuf_iterator<char>(stat)), {});
    std::istringstream fields(all.substr(all.rfind(')') + 2));
    std::string field;
    for (int i = 3; fields >> field && i <= 15; ++i) {
      if (i == 14 || i == 15) ticks += std::strtod(field.c_str(), nullptr);
    }
  }
  ::closedir(proc);
  return ticks * 1e6 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::string call(long id, const std::string& tool) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
         R"(,"method":"tools/call","params":{"name":")" + tool + R"(","arguments":{"key":"k)" +
         std::to_string(id) + R"(","filler":")" + std::string(380, 'f') + R"("}}})" + "\n";
}

// The opening of a session, up to the list of tools.
void greet(Chain& chain) {
  send(chain, R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":)"
              R"("2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}})"
              "\n");
  await(chain, 1);
  send(chain, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
  send(chain, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}\n");
  await(chain, 2);
}

void report(std::vector<double>& took, long count, double seconds, double used) {
  std::sort(took.begin(), took.end());
  const auto at = [&took](double q) {
    const auto place = static_cast<std::size_t>(q * static_cast<double>(took.size()));
    return took[std::min(took.size() - 1, place)];
  };
  std::printf("{\"p50_us\":%.1f,\"p99_us\":%.1f,\"calls_per_s\":%.0f,\"cpu_us_per_call\":%.1f}\n",
              at(0.5), at(0.99), static_cast<double>(count) / seconds,
              used / static_cast<double>(count));
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 5) return 2;
  const std::string tool = words[0];
  const long count = std::strtol(words[1].c_str(), nullptr, 10);
  const long open = std::strtol(words[2].c_str(), nullptr, 10);
  std::string middle;
  const auto dashes = std::find(words.begin(), words.end(), "--");
  if (words[3] == "--cpu-of") middle = words[4];
  Chain chain = start({dashes + 1, words.end()});
  greet(chain);

  const long warm = std::max(100L, open * 2);
  std::vector<double> took;
  took.reserve(static_cast<std::size_t>(count));
  std::map<long, Clock::time_point> asked;
  long next = 10;
  long answered = 0;
  const long last = 10 + warm + count;
  double cpu = 0;
  Clock::time_point began{};
  while (next < 10 + open) {
    asked[next] = Clock::now();
    send(chain, call(next++, tool));
  }
  while (answered < warm + count) {
    const std::string text = line(chain);
    const long id = answer_id(text);
    const auto found = asked.find(id);
    if (found == asked.end()) continue;
    if (text.find("\"done\"") == std::string::npos) {
      std::fprintf(stderr, "refused: %s\n", text.c_str());
      return 5;
    }
    const auto now = Clock::now();
    if (answered >= warm) {
      took.push_back(std::chrono::duration<double, std::micro>(now - found->second).count());
    }
    asked.erase(found);
    if (++answered == warm) {
      cpu = middle.empty() ? 0 : cpu_of(middle);
      began = Clock::now();
    }
    if (next < last) {
      asked[next] = Clock::now();
      send(chain, call(next++, tool));
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  const double used = middle.empty() ? 0 : cpu_of(middle) - cpu;
  report(took, count, seconds, used);
  ::close(chain.in);
  int status = 0;
  ::waitpid(chain.pid, &status, 0);
  return 0;
}
