// Errors as values.
//
// Everything that can fail because of other people's input returns `Result<T>`. An `Error` says
// what went wrong in one lowercase sentence without a full stop, puts the user's own words in
// backticks, and, where a file is at fault, says where: `file:line:column`, both counted from 1.
// Exceptions of libraries stop at the adapter that wraps the library.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace pawl {

// The place in a file that a message is about. Line and column are 1-based; 0 means unknown.
struct Position {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend bool operator==(const Position&, const Position&) = default;
};

// `file:line:column`, leaving out what is unknown.
std::string to_string(const Position& at);

// The kind of a failure, which decides the exit status and who can do something about it.
enum class ErrorKind : std::uint8_t {
  usage,        // the command line is wrong
  invalid,      // a file, a message or a value does not have the promised form
  refused,      // the answer is no: not permitted, not proved, not authenticated
  missing,      // something that was named does not exist
  environment,  // the machine does not give what is needed: a directory, a socket, a program
  io,           // a read or a write failed
  corrupt,      // stored bytes are not what was written
  internal,     // an invariant of ours does not hold
};

struct Error {
  ErrorKind fault = ErrorKind::internal;
  std::string message;
  Position at;
};

// `at: message`, or the message alone where no place is known.
std::string to_string(const Error& error);

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(ErrorKind fault, std::string message, Position at = {}) {
  return std::unexpected<Error>(Error{fault, std::move(message), std::move(at)});
}

}  // namespace pawl

// Hands an error on: the function returns it, as a `Result` or a `Status`. In a coroutine
// `PAWL_CO_TRY`.
//
//   PAWL_TRY(write(file));        a `Status`, or a `Result` whose value is not needed
//   const auto read = load(file);
//   PAWL_TRY(read);               and `*read` from here on
#define PAWL_TRY_BY(RETURN, ...)                                                      \
  do {                                                                                \
    if (auto&& pawl_tried = (__VA_ARGS__); !pawl_tried) {                             \
      RETURN std::unexpected(std::forward<decltype(pawl_tried)>(pawl_tried).error()); \
    }                                                                                 \
  } while (false)
#define PAWL_TRY(...) PAWL_TRY_BY(return, __VA_ARGS__)
#define PAWL_CO_TRY(...) PAWL_TRY_BY(co_return, __VA_ARGS__)
