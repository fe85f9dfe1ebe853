// The null relay: what any gateway must pay that parses both directions and forwards. Same loop,
// same reader and writer, same JSON parser as pawl, and nothing else.
//
//   null_relay [--sync DIR] -- SERVER…
//
// With --sync it also writes two records per request into a journal and waits for each to be
// durable, group-committed: one before the request is forwarded, one before the answer is.
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "io/journal/journal.h"
#include "io/journal/posix_disk.h"
#include "io/net/child.h"
#include "io/net/loop.h"
#include "io/net/pipe.h"

namespace {

using namespace pawl;

constexpr std::size_t record_bytes = 700;

struct Relay {
  net::Loop loop;
  json::Parser parser;
  json::Document document;
  std::unique_ptr<PosixDisk> disk;
  std::unique_ptr<Journal> journal;
  std::optional<net::LineReader> client_in, server_in;
  std::optional<net::LineWriter> client_out, server_out;
  std::string record = "{\"filler\":\"" + std::string(record_bytes, 'x') + "\"}";

  Task<bool> commit() {
    const auto seq = journal->append(record);
    if (!seq) co_return false;
    const Status durable = co_await journal->durable(*seq);
    co_return durable.has_value();
  }
  Task<void> pass(std::string line, net::LineWriter& to) {
    if (journal && !co_await commit()) co_return;
    to.send(std::move(line));
  }
  void forward(std::string_view line, net::LineWriter& to) {
    if (!parser.parse(line, document)) return;
    if (journal) {
      spawn(pass(std::string(line), to));
    } else {
      to.send(std::string(line));
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  std::string directory;
  if (words.size() > 1 && words[0] == "--sync") {
    directory = words[1];
    words.erase(words.begin(), words.begin() + 2);
  }
  if (!words.empty() && words[0] == "--") words.erase(words.begin());
  Relay relay;
  if (!directory.empty()) {
    auto disk = PosixDisk::open(directory, PosixDisk::Root::create);
    if (!disk) return 2;
    relay.disk = std::move(*disk);
    JournalOptions options;
    options.post = [&relay](std::function<void()> work) { relay.loop.post(std::move(work)); };
    options.syncer = make_thread_syncer();
    auto journal = Journal::open(*relay.disk, std::move(options));
    if (!journal) return 2;
    relay.journal = std::move(*journal);
  }
  auto started = net::start({.command = words, .environment = {}, .directory = {}});
  auto in = net::take_standard(0);
  auto out = net::take_standard(1);
  if (!started || !in || !out) return 2;
  relay.client_out.emplace(relay.loop, std::move(*out));
  relay.server_out.emplace(relay.loop, std::move(started->input));
  const auto end = [&relay](net::StreamEnd) { relay.loop.stop(); };
  relay.server_in.emplace(
      relay.loop, std::move(started->output),
      net::LineEvents{
          .line = [&](std::string_view line) { relay.forward(line, *relay.client_out); },
          .overlong = {},
          .batch = {},
          .end = end});
  relay.client_in.emplace(
      relay.loop, std::move(*in),
      net::LineEvents{
          .line = [&](std::string_view line) { relay.forward(line, *relay.server_out); },
          .overlong = {},
          .batch = {},
          .end = end});
  (void)relay.loop.run();
  return 0;
}
