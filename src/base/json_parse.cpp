// simdjson reads the bytes; this file makes them the flat form and adds the checks that simdjson
// does not do. Nothing else in the program knows which library reads JSON.
#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

#include "base/json.h"
#include "base/json_mistake.h"
#include "base/json_number.h"
#include "base/json_twins.h"
#include "base/text.h"

namespace pawl::json {
namespace {

// Texts beyond this are refused whatever the caller permits: offsets are kept in 32 bits.
constexpr std::size_t text_bytes_max = 1UL << 30;
// Buffers that one large message made are given back after it.
constexpr std::size_t kept_bytes_max = 1UL << 20;
constexpr std::size_t first_bytes = 4096;
constexpr std::size_t shown_bytes_max = 64;

constexpr std::uint64_t payload_mask = (1ULL << 56) - 1;

std::string shown(std::string_view untrusted) {
  const bool cut = untrusted.size() > shown_bytes_max;
  return "`" + visible(untrusted.substr(0, shown_bytes_max)) + (cut ? "…`" : "`");
}

// `part` lies inside `text`.
Position in_text(std::string_view text, std::string_view part) {
  return position_of(text, static_cast<std::size_t>(part.data() - text.data()));
}

std::unexpected<Error> too_deep(std::size_t depth_max) {
  return fail(Fault::invalid, fmt::format("nested deeper than {} levels", depth_max));
}

// An array or object that is still open.
struct Frame {
  std::uint32_t node;
  std::uint32_t count;
  std::uint32_t first_name;
  bool object;
};

// Walks simdjson's tape once, from left to right. A word of the tape has a letter in its top byte
// and a payload below; numbers have their bits in the word behind.
class Flattener {
 public:
  Flattener(const simdjson::dom::document& from, std::string_view text, const ParseLimits& limits,
            std::vector<Node>& nodes, std::vector<Frame>& frames, TwinCheck& twins)
      : tape_(from.tape.get()),
        strings_(reinterpret_cast<const char*>(from.string_buf.get())),
        text_(text),
        limits_(limits),
        fractions_(text),
        nodes_(nodes),
        frames_(frames),
        twins_(twins) {}

  Status run() {
    const std::uint64_t words = tape_[0] & payload_mask;
    nodes_.reserve(words);
    for (at_ = 1; at_ + 1 < words; ++at_) {
      if (const Status done = word(static_cast<char>(tape_[at_] >> 56)); !done) return done;
    }
    return {};
  }

  // Bytes of simdjson's string buffer that are in use.
  std::size_t string_bytes() const { return string_bytes_; }

 private:
  Status word(char letter) {
    switch (letter) {
      case '"':
        return string();
      case '{':
      case '[':
        return open(letter == '{');
      case '}':
      case ']':
        return close();
      case 'l':
        leaf(Kind::integer).as.integer = std::bit_cast<std::int64_t>(tape_[++at_]);
        return {};
      case 'u':
        leaf(Kind::natural).as.natural = tape_[++at_];
        return {};
      case 'd':
        return fraction();
      case 't':
      case 'f':
        leaf(Kind::boolean).as.boolean = letter == 't';
        return {};
      case 'n':
        leaf(Kind::null);
        return {};
      default:
        return fail(Fault::internal, "the JSON reader left a word that nobody knows");
    }
  }

  std::uint32_t here() const { return static_cast<std::uint32_t>(nodes_.size()); }

  Node& leaf(Kind kind) {
    end_of_value();
    Node& node = nodes_.emplace_back();
    node.kind = kind;
    node.end = here();
    return node;
  }

  // Called where a value begins: the next string of the object is a name again.
  void end_of_value() {
    if (frames_.empty()) return;
    ++frames_.back().count;
    name_is_next_ = frames_.back().object;
  }

  Status string() {
    const std::uint64_t start = tape_[at_] & payload_mask;
    std::uint32_t size = 0;
    std::memcpy(&size, strings_ + start, sizeof size);
    const std::uint64_t offset = start + sizeof size;
    string_bytes_ = offset + size;
    if (name_is_next_) {
      twins_.push(static_cast<std::uint32_t>(offset), size);
      name_is_next_ = false;
    } else {
      end_of_value();
    }
    Node& node = nodes_.emplace_back();
    node.kind = Kind::string;
    node.size = size;
    node.end = here();
    node.as.offset = offset;
    return {};
  }

  Status open(bool object) {
    if (frames_.size() >= limits_.depth_max) return too_deep(limits_.depth_max);
    end_of_value();
    frames_.push_back({here(), 0, twins_.mark(), object});
    nodes_.emplace_back().kind = object ? Kind::object : Kind::array;
    name_is_next_ = object;
    return {};
  }

  Status close() {
    const Frame frame = frames_.back();
    frames_.pop_back();
    Node& node = nodes_[frame.node];
    node.size = frame.count;
    node.end = here();
    name_is_next_ = !frames_.empty() && frames_.back().object;
    if (!frame.object) return {};
    if (const auto pair = twins_.close(frame.first_name)) {
      return fail(Fault::invalid, "two keys of one object are the same: " + shown(pair->first) +
                                      " and " + shown(pair->second));
    }
    return {};
  }

  Status fraction() {
    const double value = std::bit_cast<double>(tape_[++at_]);
    const std::string_view token = fractions_.next();
    assert(!token.empty());
    const Decimal exact = read_decimal(token);
    switch (exact.form) {
      case Decimal::Form::integer:
        leaf(Kind::integer).as.integer = exact.integer;
        return {};
      case Decimal::Form::natural:
        leaf(Kind::natural).as.natural = exact.natural;
        return {};
      case Decimal::Form::fraction:
      case Decimal::Form::too_long:
        return number(token, exact, value);
    }
    return {};
  }

  Status number(std::string_view token, const Decimal& exact, double value) {
    // A fraction that became a whole number would be an integer to whoever reads it next.
    const bool now_whole = !exact.whole && value == std::trunc(value);
    if (limits_.twins == Twins::permit) {
      if (now_whole && std::abs(value) < 0x1p63) {
        leaf(Kind::integer).as.integer = static_cast<std::int64_t>(value);
      } else {
        leaf(Kind::number).as.number = value;
      }
      return {};
    }
    std::string why;
    if (value == 0) {
      why = " is out of the range of numbers";
    } else if (exact.form == Decimal::Form::too_long) {
      why = fmt::format(" has more than {} significant digits", significant_digits_max);
    } else if (now_whole) {
      why = " would be rounded to a whole number";
    }
    if (!why.empty()) return fail(Fault::invalid, shown(token) + why, in_text(text_, token));
    leaf(Kind::number).as.number = value;
    return {};
  }

  const std::uint64_t* tape_;
  const char* strings_;
  std::string_view text_;
  const ParseLimits& limits_;
  FractionScanner fractions_;
  std::vector<Node>& nodes_;
  std::vector<Frame>& frames_;
  TwinCheck& twins_;
  std::uint64_t at_ = 0;
  std::size_t string_bytes_ = 0;
  bool name_is_next_ = false;
};

}  // namespace

struct Parser::State {
  simdjson::dom::parser reader;
  simdjson::dom::document tape;
  std::unique_ptr<char[]> padded;  // simdjson reads a little behind the end of a text
  std::size_t capacity = 0;
  std::size_t depth = 0;
  std::vector<Frame> frames;
  TwinCheck twins;

  Status make_room(std::size_t bytes, std::size_t depth_max);
  Status read(std::string_view text, const ParseLimits& limits);
  void give_back();
};

Status Parser::State::make_room(std::size_t bytes, std::size_t depth_max) {
  const std::size_t depth_wanted = depth_max + 2;
  if (bytes <= capacity && depth_wanted <= depth) return {};
  const std::size_t wanted = std::max({std::bit_ceil(bytes), first_bytes, capacity});
  const std::size_t levels = std::max(depth_wanted, depth);
  padded = std::make_unique_for_overwrite<char[]>(wanted + simdjson::SIMDJSON_PADDING);
  if (reader.allocate(wanted, levels) != simdjson::SUCCESS ||
      tape.allocate(wanted) != simdjson::SUCCESS) {
    give_back();
    return fail(Fault::environment, "there is no memory left for this JSON text");
  }
  capacity = wanted;
  depth = levels;
  return {};
}

void Parser::State::give_back() {
  reader = simdjson::dom::parser();
  tape = simdjson::dom::document();
  padded.reset();
  capacity = 0;
  depth = 0;
  frames = {};
  twins = {};
}

Status Parser::State::read(std::string_view text, const ParseLimits& limits) {
  if (text.size() > std::min(limits.bytes_max, text_bytes_max)) {
    return fail(Fault::invalid, fmt::format("the text has {} bytes and may have {}", text.size(),
                                            std::min(limits.bytes_max, text_bytes_max)));
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    return fail(Fault::invalid, "the text begins with a byte order mark", {{}, 1, 1});
  }
  if (const Status room = make_room(text.size(), limits.depth_max); !room) return room;
  std::memcpy(padded.get(), text.data(), text.size());
  std::memset(padded.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
  auto error = reader.parse_into_document(tape, padded.get(), text.size(), false).error();
  if (error == simdjson::NUMBER_ERROR && limits.twins == Twins::permit) {
    round_large_numbers({padded.get(), text.size()});
    error = reader.parse_into_document(tape, padded.get(), text.size(), false).error();
  }
  if (error == simdjson::SUCCESS) return {};
  if (error == simdjson::MEMALLOC) {
    return fail(Fault::environment, "there is no memory left for this JSON text");
  }
  if (const auto mistake = first_mistake({padded.get(), text.size()}, limits.depth_max)) {
    return fail(Fault::invalid, mistake->message, position_of(text, mistake->offset));
  }
  return fail(Fault::invalid, std::string("not JSON: ") + simdjson::error_message(error));
}

Parser::Parser() : state_(std::make_unique<State>()) {}
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;

Status Parser::parse(std::string_view text, Document& into, const ParseLimits& limits) {
  into.clear();
  State& state = *state_;
  Status status = state.read(text, limits);
  if (status) {
    state.frames.clear();
    const char* strings = reinterpret_cast<const char*>(state.tape.string_buf.get());
    // Unescaped texts and their frames take at most what simdjson set aside for them.
    state.twins.begin(limits.twins, {strings, state.capacity * 2});
    // The copy is what was read: numbers in it may have been rounded.
    Flattener flattener(state.tape, {state.padded.get(), text.size()}, limits, into.nodes_,
                        state.frames, state.twins);
    status = flattener.run();
    if (status) into.text_.assign(strings, flattener.string_bytes());
  }
  if (!status) into.clear();
  if (state.capacity > kept_bytes_max) state.give_back();
  return status;
}

Result<Document> parse(std::string_view text, const ParseLimits& limits) {
  Document document;
  if (Status status = Parser().parse(text, document, limits); !status) {
    return std::unexpected(std::move(status.error()));
  }
  return document;
}

}  // namespace pawl::json
