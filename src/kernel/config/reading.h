// Turns the nodes of one YAML file into values and gathers every mistake on the way.
//
// Each `read` of a value either returns it or reports one located mistake and returns nothing; the
// caller goes on in both cases, so that one run names all mistakes of a file (rule 3).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/yaml.h"
#include "kernel/config/keys.h"
#include "model/sum.h"

namespace pawl {

// A text of the file with its place.
struct Placed {
  std::string text;
  Position at;
};

struct Between {
  std::uint64_t least, most;
};
// Whether a text may have line breaks.
enum class Lines : std::uint8_t { one, several };
struct LengthBetween {
  Duration least, most;
};

class Reading {
 public:
  // `keys` lives as long as the program.
  Reading(yaml::Read& read, const KeyTable& keys)
      : table_(&keys),
        whole_(read.whole),
        errors_(std::move(read.errors)),
        yaml_errors_(errors_.size()) {}

  void mistake(const Position& at, std::string message, ErrorKind fault = ErrorKind::invalid);

  // Reports every key of the mapping that this section does not permit, and every one that it
  // requires and that is not there. False where the node is no mapping.
  bool section(const yaml::Node& node, Section section);
  // A mapping whose keys are names that the author chooses.
  bool names(const yaml::Node& node, std::string_view what,
             const std::function<void(const yaml::Entry&)>& take);
  // A list, not empty.
  bool items(const yaml::Node& node, std::string_view what,
             const std::function<void(const yaml::Node&)>& take);
  // Reports a key that has to be there and is not. Silent where the file could not be read whole.
  void missing(const yaml::Node& map, Section section, std::string_view key);
  // Reports two keys that say the same thing; true where both are there.
  bool both(const yaml::Node& map, std::string_view first, std::string_view second);

  std::optional<bool> boolean(const yaml::Node& node, std::string_view what);
  std::optional<std::uint64_t> count(const yaml::Node& node, std::string_view what, Between bounds);
  std::optional<Duration> duration(const yaml::Node& node, std::string_view what,
                                   LengthBetween bounds);
  // The end of something: an instant, or a date, which is part of it.
  std::optional<Instant> end(const yaml::Node& node, std::string_view what);
  // A whole number of seconds.
  std::optional<Duration> seconds(const yaml::Node& node, std::string_view what, Duration most);
  // A text without hidden characters, not empty.
  std::optional<std::string> text(const yaml::Node& node, std::string_view what,
                                  Lines lines = Lines::one);
  // One text, or a list of them; not empty, nothing twice.
  std::vector<Placed> texts(const yaml::Node& node, std::string_view what);
  // One of these words; its position in the list.
  std::optional<std::size_t> word(const yaml::Node& node, std::string_view what,
                                  const std::vector<std::string>& words,
                                  const std::vector<std::string>& later = {});
  // US dollars as written, exactly, in nano-dollars.
  std::optional<std::uint64_t> money(const yaml::Node& node, std::string_view what);
  // A decimal number as written, exactly; more than 0 and at most so many units.
  std::optional<Amount> amount(const yaml::Node& node, std::string_view what, std::uint64_t most);

  bool whole() const { return whole_; }
  // Everything that was found, in the order of the file, each place once.
  std::vector<Error> take_errors(std::string_view file);
  bool sound() const { return errors_.empty(); }

 private:
  const KeyTable* table_;
  bool whole_;
  std::vector<Error> errors_;
  std::size_t yaml_errors_;  // how many of them the YAML reader found
};

// True for text that YAML readers disagree about: `yes`, `off`, `0x1F`, `1e3`, `.inf`, `007`.
bool reads_two_ways(std::string_view plain);
// True where a text looks like a condition rather than a value.
bool looks_like_expression(std::string_view text);

}  // namespace pawl
