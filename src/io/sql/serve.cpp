#include "io/sql/serve.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "io/net/confine.h"
#include "io/sql/frame.h"
#include "io/sql/parse.h"
#include "lang/sql/scan.h"

namespace pawl::sql {

namespace {

bool read_all(char* into, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t n = ::read(STDIN_FILENO, into, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    into += n;
    bytes -= static_cast<std::size_t>(n);
  }
  return true;
}

bool write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string answer(TextReader& reader, std::string_view text) {
  const Result<Summary> summary = reader.parse(text);
  std::string reply = summary ? "+" + to_json(*summary) : "-" + summary.error().message;
  if (reply.size() > reply_bytes_max) reply = "-more names than can be judged";
  return framed(reply);
}

}  // namespace

int serve() {
  if (!net::confine()) return EXIT_FAILURE;
  TextReader reader;
  std::string text;
  char length[4];
  while (read_all(length, sizeof length)) {
    const std::size_t bytes = length_of({length, sizeof length});
    if (bytes > text_bytes_max) return EXIT_FAILURE;
    text.resize(bytes);
    if (!read_all(text.data(), bytes) || !write_all(answer(reader, text))) return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

}  // namespace pawl::sql
