// Purity: kernel/ and analysis/ are functions of their arguments. No clock, no chance, no files,
// no threads, no environment: that one rule buys replay, simulation and proofs. Sockets, processes
// and the event loop are seen in io/net only, sockets also in io/http, which stands on it. Tests
// may read files; they may not need a clock.
//
// Globals: nothing that changes outlives its owner, anywhere in src/. Signal handlers, which can
// reach nothing else, are the one exception: a `volatile std::sig_atomic_t` or lock-free atomic in
// io/net or app.

#include <algorithm>
#include <array>

#include "outline.h"
#include "rules.h"
#include "scan.h"

namespace pawl::check {
namespace {

constexpr auto kImpureHeaders =
    std::to_array<std::string_view>({"chrono",     "ctime",          "time.h",
                                     "random",     "fstream",        "filesystem",
                                     "iostream",   "cstdio",         "stdio.h",
                                     "thread",     "mutex",          "shared_mutex",
                                     "atomic",     "future",         "semaphore",
                                     "latch",      "barrier",        "condition_variable",
                                     "stop_token", "csignal",        "signal.h",
                                     "unistd.h",   "fcntl.h",        "dirent.h",
                                     "sys/stat.h", "sys/mman.h",     "sys/time.h",
                                     "sys/uio.h",  "sys/types.h",    "sys/random.h",
                                     "pthread.h",  "openssl/rand.h", "model/clock.h"});

constexpr auto kImpureNames = std::to_array<std::string_view>(
    {"getenv",        "secure_getenv", "setenv",     "putenv",       "rand",         "srand",
     "random_device", "mt19937",       "mt19937_64", "system_clock", "steady_clock", "utc_clock",
     "clock_gettime", "gettimeofday",  "localtime",  "localtime_r",  "gmtime",       "mktime",
     "fopen",         "ifstream",      "ofstream",   "cout",         "cerr",         "cin",
     "printf",        "fprintf",       "puts",       "popen",        "syscall",      "this_thread",
     "jthread",       "RAND_bytes",    "getpid",     "getuid"});

constexpr auto kSystemHeaders = std::to_array<std::string_view>(
    {"sys/socket.h", "sys/un.h", "sys/epoll.h", "sys/wait.h", "sys/prctl.h", "spawn.h", "netdb.h"});
constexpr auto kSystemFolders =
    std::to_array<std::string_view>({"boost/asio", "boost/beast", "netinet", "arpa"});

template <std::size_t N>
bool listed(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

bool pure_room(const SourceFile& file) {
  return (starts_with_folder(file.path, "src/kernel") ||
          starts_with_folder(file.path, "src/lang") ||
          starts_with_folder(file.path, "src/analysis")) &&
         !file.test();
}

void check_pure(const SourceFile& file, const Scan& seen, Findings& out) {
  for (const Include& include : seen.includes) {
    if (listed(include.path, kImpureHeaders) || include.path.starts_with("sys/")) {
      out.push_back({file.path, include.line,
                     "`" + std::string(include.path) + "` has no place in a pure room"});
    }
  }
  const std::vector<Token>& tokens = seen.tokens;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool member = i > 0 && (tokens[i - 1].is(".") || tokens[i - 1].is("->"));
    const bool asks_time = tokens[i].is("time") && i + 2 < tokens.size() && tokens[i + 1].is("(") &&
                           (tokens[i + 2].is("nullptr") || tokens[i + 2].is("NULL") ||
                            tokens[i + 2].is("0") || tokens[i + 2].is("&"));
    const bool impure = tokens[i].kind == Kind::name && listed(tokens[i].text, kImpureNames);
    if (!member && (asks_time || impure)) {
      out.push_back({file.path, tokens[i].line,
                     "`" + std::string(tokens[i].text) + "` has no place in a pure room"});
    }
  }
}

void check_system(const SourceFile& file, const Scan& seen, Findings& out) {
  for (const Include& include : seen.includes) {
    const bool folder = std::ranges::any_of(
        kSystemFolders, [&](auto name) { return starts_with_folder(include.path, name); });
    if (folder || include.path == "boost/asio.hpp" || include.path == "boost/beast.hpp" ||
        listed(include.path, kSystemHeaders)) {
      out.push_back(
          {file.path, include.line, "`" + std::string(include.path) + "` is seen in io/net only"});
    }
  }
}

// The last declaration words of a line: enough to know what a signal handler may touch.
bool for_signals(const SourceFile& file, int line) {
  const bool place =
      starts_with_folder(file.path, "src/io/net") || starts_with_folder(file.path, "src/app");
  const std::string_view text = file.lines[static_cast<std::size_t>(line) - 1];
  return place && (text.find("sig_atomic_t") != std::string_view::npos ||
                   text.find("std::atomic<int>") != std::string_view::npos);
}

}  // namespace

Findings find_impurities(const Tree& tree) {
  Findings out;
  for (const SourceFile& file : tree.files) {
    if (!file.cpp() || !file.path.starts_with("src/")) continue;
    const Scan seen = scan(file.text);
    if (pure_room(file)) check_pure(file, seen, out);
    const bool outside = file.test() || starts_with_folder(file.path, "src/io/net") ||
                         starts_with_folder(file.path, "src/io/http");
    if (!outside) check_system(file, seen, out);
  }
  return out;
}

Findings find_globals(const Tree& tree) {
  Findings out;
  for (const SourceFile& file : tree.files) {
    if (!file.cpp() || !file.path.starts_with("src/")) continue;
    for (const MutableGlobal& global : outline(scan(file.text)).globals) {
      if (for_signals(file, global.line)) continue;
      out.push_back(
          {file.path, global.line, "`" + global.name + "` can change and outlives its owner"});
    }
  }
  return out;
}

}  // namespace pawl::check
