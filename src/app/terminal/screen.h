// A terminal as a page: the whole window, key by key. For commands that stay and show what changes.
//
// The page is on the alternate screen, so that what stood in the window comes back. Whatever ends
// the command, a key, a signal or an error, the terminal is left as it was found. Lines have been
// through `visible`; nothing else here knows what they are.
#pragma once

#include <signal.h>
#include <termios.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "io/net/fd.h"

namespace pawl::app {

struct Key {
  enum class Kind : std::uint8_t {
    text,  // a character: `text`
    enter,
    escape,
    erase,  // backspace
    up,
    down,
    page_up,
    page_down,
    home,
    end,
    other,      // a key that means nothing here
    interrupt,  // ^C
    resized,    // the window has another size
    gone,       // a signal asks the command to end, or there is no terminal any more
  };
  Kind kind = Kind::other;
  std::string text = {};
};

// The first key in what a terminal sent, and how many bytes it takes. Nothing: there is none, or
// only a part of one; `all` says that no more is coming.
struct KeyRead {
  Key key;
  std::size_t bytes = 0;
};
std::optional<KeyRead> read_key(std::string_view sent, bool all);

// A painted line cut to so many columns, and into pieces of so many. Colours stay where they are
// and end with the line.
std::string cut_line(std::string_view painted, std::size_t columns);
std::vector<std::string> fold_line(std::string_view painted, std::size_t columns);

class Screen {
 public:
  struct Size {
    std::size_t rows = 24, columns = 80;
  };

  // ErrorKind::environment where there is no terminal to draw on.
  static Result<std::unique_ptr<Screen>> open();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  Size size() const;
  // At most `size().rows` lines; each is cut to the width.
  void draw(const std::vector<std::string>& lines);
  // The next key, or nothing within this time.
  std::optional<Key> key(Duration within);
  // Until `go_on` the terminal is as it was found, below what is drawn: for questions to a person.
  void pause();
  void go_on();

 private:
  explicit Screen(net::Fd terminal) : terminal_(std::move(terminal)) {}
  void write(std::string_view text) const;
  bool raw();

  net::Fd terminal_, signals_;
  termios before_{};
  sigset_t mask_before_{};
  std::string sent_;
  bool changed_ = false, drawing_ = false;
};

}  // namespace pawl::app
