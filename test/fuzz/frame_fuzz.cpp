// Frames of the two sockets, and lines of a pipe, in any bytes cut anywhere.
//
// The first byte says how the rest is cut. What arrives must be what a reader with all of the bytes
// in front of it would see, however they came.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/must.h"
#include "io/net/channel.h"
#include "io/net/fd.h"
#include "io/net/loop.h"
#include "io/net/pipe.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page
using fuzz::must;

constexpr std::size_t bytes_max = 4096, frame_bytes_max = 512, line_bytes_max = 300;
constexpr std::size_t length_bytes = 4;

struct Seen {
  std::vector<std::string> texts;
  bool ended = false, wrong = false;
};

Seen frames_of(std::string_view bytes) {
  Seen seen;
  while (bytes.size() >= length_bytes) {
    std::size_t length = 0;
    for (std::size_t i = length_bytes; i-- > 0;) {
      length = length << 8U | static_cast<unsigned char>(bytes[i]);
    }
    if (length == 0 || length > frame_bytes_max) {
      seen.wrong = true;
      return seen;
    }
    if (bytes.size() < length_bytes + length) break;
    seen.texts.emplace_back(bytes.substr(length_bytes, length));
    bytes.remove_prefix(length_bytes + length);
  }
  seen.wrong = !bytes.empty();
  return seen;
}

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

Seen lines_of(std::string_view bytes) {
  Seen seen;
  for (std::size_t end = 0; (end = bytes.find('\n')) != std::string_view::npos;) {
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > line_bytes_max) {
      seen.texts.emplace_back("overlong");
    } else if (!blank(line)) {
      seen.texts.emplace_back(line);
    }
  }
  // The beginning of a line that has no end yet; a last return may still belong to its end.
  if (bytes.ends_with('\r')) bytes.remove_suffix(1);
  if (bytes.size() > line_bytes_max) seen.texts.emplace_back("overlong");
  return seen;
}

void rest(net::Loop& loop) {
  pollfd asked{.fd = loop.descriptor(), .events = POLLIN, .revents = 0};
  do {
    loop.turn();
  } while (::poll(&asked, 1, 0) > 0);
}

// Writes the bytes in cuts that `how` chooses, with the loop at rest in between.
void feed(net::Loop& loop, net::Fd to, std::string_view bytes, std::uint8_t how) {
  std::size_t cut = how % 7 + 1;
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, how % 2 == 0 ? bytes.size() : cut);
    const ssize_t count = ::write(to.get(), part.data(), part.size());
    if (count <= 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(count));
    cut = cut * 5 % 61 + 1;
    rest(loop);
  }
  to.reset();
  rest(loop);
}

void check_frames(std::string_view bytes, std::uint8_t how) {
  net::Loop loop;
  auto pair = *net::make_socket_pair();
  Seen seen;
  net::Channel channel(loop, std::move(pair.one),
                       {.frame = [&](net::Frame frame) { seen.texts.push_back(frame.text); },
                        .end =
                            [&](const std::optional<Error>& error) {
                              must(!seen.ended, "an end came twice");
                              seen.ended = true;
                              seen.wrong = error.has_value();
                            }},
                       frame_bytes_max);
  feed(loop, std::move(pair.other), bytes, how);
  const Seen expected = frames_of(bytes);
  must(seen.ended, "a closed channel goes on");
  must(seen.texts == expected.texts, "frames are not what was sent");
  must(seen.wrong == expected.wrong, "an end is not what it was");
}

void check_lines(std::string_view bytes, std::uint8_t how) {
  net::Loop loop;
  auto pipe = *net::make_pipe();
  Seen seen;
  net::LineReader reader(
      loop, std::move(pipe.read),
      {.line = [&](std::string_view line) { seen.texts.emplace_back(line); },
       .overlong = [&](std::string_view) { seen.texts.emplace_back("overlong"); },
       .batch = {},
       .end = [&](const net::StreamEnd& end) { seen.ended = !end.error; }},
      line_bytes_max);
  feed(loop, std::move(pipe.write), bytes, how);
  must(seen.ended, "a closed pipe goes on");
  must(seen.texts == lines_of(bytes).texts, "lines are not what was sent");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 1 || size > bytes_max) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  check_frames(text, bytes[0]);
  check_lines(text, bytes[0]);
  return 0;
}
