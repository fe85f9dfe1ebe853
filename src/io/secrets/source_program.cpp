// A program that prints the secret, for callers with a loop: no one else waits meanwhile.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"
#include "io/net/child.h"
#include "io/secrets/source.h"

namespace pawl::secrets {
namespace {

struct Printing {
  Credential read = Credential::of_size(credential_bytes_max + 3);
  std::size_t count = 0;
  std::string what;
  Completion<Status> done;
  net::Watch watch;
};

void read_on(Printing& printing, int output) {
  const std::span<char> room = printing.read.writable().subspan(printing.count);
  if (room.empty()) {
    printing.done.deliver(
        fail(ErrorKind::invalid,
             fmt::format("{} prints more than {} bytes", printing.what, credential_bytes_max)));
    return;
  }
  const ssize_t got = ::read(output, room.data(), room.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got > 0) {
    printing.count += static_cast<std::size_t>(got);
    return;
  }
  printing.watch.reset();
  printing.done.deliver(
      got == 0
          ? Status{}
          : fail(ErrorKind::io, fmt::format("the answer of {} cannot be read", printing.what)));
}

}  // namespace

Task<Result<Credential>> from_command(net::Loop& loop, Command command) {
  if (command.argv.empty())
    co_return fail(ErrorKind::invalid, "the command of the secret is empty");
  auto started = net::start({.command = command.argv,
                             .environment = command.environment,
                             .directory = {},
                             .error_output = net::ErrorOutput::discard});
  if (!started) co_return std::unexpected(started.error());
  // No process of its group outlives the question: letting go of it kills.
  net::Child child(loop, *std::move(started));
  child.input.reset();
  const auto printing = std::make_shared<Printing>();
  printing->what = fmt::format("`{}`", escape_untrusted(command.argv.front()));
  bool late = false;
  const net::Timer timer = loop.after(command.deadline, [&late, &child, printing] {
    late = true;
    child.kill();
    printing->done.deliver(
        fail(ErrorKind::environment, fmt::format("{} took too long", printing->what)));
  });
  const int output = child.output.get();
  auto watch = loop.watch(output, net::Interest::read,
                          [printing, output](net::Ready) { read_on(*printing, output); });
  if (!watch) co_return std::unexpected(watch.error());
  printing->watch = *std::move(watch);
  const Status printed = co_await printing->done;
  printing->watch.reset();
  if (!printed) co_return std::unexpected(printed.error());
  const net::Exit exit = co_await child.ended();
  if (late) co_return fail(ErrorKind::environment, fmt::format("{} took too long", printing->what));
  if (!exit.success()) {
    co_return fail(ErrorKind::environment,
                   fmt::format("{} failed: {}", printing->what, net::to_string(exit)));
  }
  printing->read.cut(printing->count);
  co_return as_credential(std::move(printing->read), fmt::format("what {} prints", printing->what));
}

}  // namespace pawl::secrets
