// simdjson reads the bytes; this file makes them the flat form and adds the checks that simdjson
// does not do. Nothing else in the program knows which library reads JSON.
#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <vector>

#include <fmt/core.h>
#include <simdjson.h>

#include "base/json.h"
#include "base/json_duplicate_keys.h"
#include "base/json_mistake.h"
#include "base/json_number.h"
#include "base/text.h"

namespace pawl::json {
namespace {

// Texts beyond this are refused whatever the caller permits: offsets are kept in 32 bits.
constexpr std::size_t text_bytes_max = 1UL << 30;
// Buffers that one large message made are given back after it.
constexpr std::size_t kept_bytes_max = 1UL << 20;
constexpr std::size_t first_bytes = 4096;

constexpr std::uint64_t payload_mask = (1ULL << 56) - 1;

// `part` lies inside `text`.
Position in_text(std::string_view text, std::string_view part) {
  return position_of(text, static_cast<std::size_t>(part.data() - text.data()));
}

std::unexpected<Error> too_deep(std::size_t depth_max) {
  return fail(ErrorKind::invalid, fmt::format("nested deeper than {} levels", depth_max));
}

// An array or object that is still open.
struct Frame {
  std::uint32_t node;
  std::uint32_t count;
  std::uint32_t first_name;
  bool object;
};

// Walks simdjson's tape once, from left to right. A word of the tape has a letter in its top byte
// and a payload below; numbers have their bits in the word behind. What changes with every word is
// kept in `Place`, whose address is never taken, so that it lives in registers.
class Flattener {
 public:
  Flattener(const simdjson::dom::document& from, std::string_view text, const ParseLimits& limits,
            std::vector<Frame>& frames, DuplicateKeyCheck& duplicate_keys)
      : tape_(from.tape.get()),
        strings_(reinterpret_cast<const char*>(from.string_buf.get())),
        text_(text),
        limits_(limits),
        fractions_(text),
        frames_(frames),
        duplicate_keys_(duplicate_keys) {}

  // No more nodes than this will be written.
  std::size_t nodes_max() const { return tape_[0] & payload_mask; }

  // Writes the nodes and counts them and the bytes of simdjson's string buffer that are in use.
  Status run(Node* nodes, std::size_t& node_count, std::size_t& string_bytes) {
    const std::uint64_t* const tape = tape_;
    const std::uint64_t last = nodes_max() - 1;
    frames_.resize(std::max(frames_.size(), limits_.depth_max + 1));
    frames_[0] = {0, 0, 0, false};
    Place place{nodes, nodes, frames_.data(), false, 0};
    for (std::uint64_t at = 1; at < last; ++at) {
      const std::uint64_t payload = tape[at] & payload_mask;
      switch (static_cast<char>(tape[at] >> 56)) {
        case '"':
          string(place, payload);
          break;
        case '{':
          if (!open(place, true)) return too_deep(limits_.depth_max);
          break;
        case '[':
          if (!open(place, false)) return too_deep(limits_.depth_max);
          break;
        case '}':
        case ']':
          if (!close(place)) return twin_keys();
          break;
        case 'l':
          leaf(place, Kind::integer)->as.integer = std::bit_cast<std::int64_t>(tape[++at]);
          break;
        case 'u':
          leaf(place, Kind::natural)->as.natural = tape[++at];
          break;
        case 'd':
          if (!fraction(*leaf(place, Kind::number), std::bit_cast<double>(tape[++at]))) {
            return std::move(wrong_number_);
          }
          break;
        case 't':
        case 'f':
          leaf(place, Kind::boolean)->as.boolean = tape[at] >> 56 == 't';
          break;
        case 'n':
          leaf(place, Kind::null);
          break;
        default:
          return fail(ErrorKind::internal, "the JSON reader left an unknown word");
      }
    }
    node_count = static_cast<std::size_t>(place.next - nodes);
    string_bytes = place.string_bytes;
    return {};
  }

 private:
  struct Place {
    Node* first;
    Node* next;
    Frame* frame;  // the innermost array or object that is open
    bool name_is_next;
    std::size_t string_bytes;
  };

  static std::uint32_t index(const Place& place) {
    return static_cast<std::uint32_t>(place.next - place.first);
  }

  // A value begins: the string behind it is a name again if an object is open.
  static void count_value(Place& place) {
    ++place.frame->count;
    place.name_is_next = place.frame->object;
  }

  [[gnu::always_inline]] static Node* leaf(Place& place, Kind kind) {
    count_value(place);
    Node* node = place.next++;
    node->kind = kind;
    node->size = 0;
    node->end = index(place);
    return node;
  }

  [[gnu::always_inline]] void string(Place& place, std::uint64_t payload) {
    std::uint32_t size = 0;
    std::memcpy(&size, strings_ + payload, sizeof size);
    const std::uint64_t offset = payload + sizeof size;
    place.string_bytes = offset + size;
    if (place.name_is_next) {
      duplicate_keys_.push(static_cast<std::uint32_t>(offset), size);
      place.name_is_next = false;
    } else {
      count_value(place);
    }
    Node* node = place.next++;
    node->kind = Kind::string;
    node->size = size;
    node->end = index(place);
    node->as.offset = offset;
  }

  [[gnu::always_inline]] bool open(Place& place, bool object) {
    if (place.frame == &frames_[limits_.depth_max]) return false;
    Node* node = leaf(place, object ? Kind::object : Kind::array);
    node->as.integer = 0;
    Frame& opened = *++place.frame;
    opened.node = static_cast<std::uint32_t>(node - place.first);
    opened.count = 0;
    opened.first_name = duplicate_keys_.mark();
    opened.object = object;
    place.name_is_next = object;
    return true;
  }

  [[gnu::always_inline]] bool close(Place& place) {
    const Frame& closed = *place.frame--;
    Node& node = place.first[closed.node];
    node.size = closed.count;
    node.end = index(place);
    place.name_is_next = place.frame->object;
    return !closed.object || duplicate_keys_.close(closed.first_name);
  }

  std::unexpected<Error> twin_keys() const {
    const auto& [first, second] = duplicate_keys_.found();
    return fail(ErrorKind::invalid, "two keys of one object are the same: " + in_backticks(first) +
                                        " and " + in_backticks(second));
  }

  bool fraction(Node& node, double value) {
    const std::string_view token = fractions_.next();
    assert(!token.empty());
    const Decimal exact = read_decimal(token);
    switch (exact.form) {
      case Decimal::Form::integer:
        node.kind = Kind::integer;
        node.as.integer = exact.integer;
        return true;
      case Decimal::Form::natural:
        node.kind = Kind::natural;
        node.as.natural = exact.natural;
        return true;
      case Decimal::Form::fraction:
      case Decimal::Form::too_long:
        return number(node, token, exact, value);
    }
    return true;
  }

  bool number(Node& node, std::string_view token, const Decimal& exact, double value) {
    // A fraction that became a whole number would be an integer to the next reader.
    const bool now_whole = !exact.whole && value == std::trunc(value);
    node.as.number = value;
    if (limits_.duplicate_keys == DuplicateKeys::permit) {
      if (now_whole && std::abs(value) < 0x1p63) {
        node.kind = Kind::integer;
        node.as.integer = static_cast<std::int64_t>(value);
      }
      return true;
    }
    std::string why;
    if (value == 0) {
      why = " is out of the range of numbers";
    } else if (exact.form == Decimal::Form::too_long) {
      why = fmt::format(" has more than {} significant digits", significant_digits_max);
    } else if (now_whole) {
      why = " would be rounded to a whole number";
    }
    if (why.empty()) return true;
    wrong_number_ = fail(ErrorKind::invalid, in_backticks(token) + why, in_text(text_, token));
    return false;
  }

  const std::uint64_t* tape_;
  const char* strings_;
  std::string_view text_;
  const ParseLimits& limits_;
  FractionScanner fractions_;
  std::vector<Frame>&
      frames_;  // the first one is not an array or object but what is around the text
  DuplicateKeyCheck& duplicate_keys_;
  Status wrong_number_;
};

}  // namespace

// Buffers, from text to text. They belong to the thread and not to a parser (`state_` stays empty):
// a parse is over before another one begins, and sessions hold parsers by the ten thousand, nearly
// all of them idle.
struct Parser::State {
  static State& of_this_thread() {
    thread_local const auto state = std::make_unique<State>();
    return *state;
  }

  simdjson::dom::parser reader;
  simdjson::dom::document tape;
  std::unique_ptr<char[]> padded;  // simdjson reads a little behind the end of a text
  std::size_t capacity = 0;
  std::size_t depth = 0;
  std::vector<Frame> frames;
  DuplicateKeyCheck duplicate_keys;

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
    return fail(ErrorKind::environment, "there is no memory left for this JSON text");
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
  duplicate_keys = {};
}

Status Parser::State::read(std::string_view text, const ParseLimits& limits) {
  if (text.size() > std::min(limits.bytes_max, text_bytes_max)) {
    return fail(ErrorKind::invalid,
                fmt::format("the text has {} bytes and may have {}", text.size(),
                            std::min(limits.bytes_max, text_bytes_max)));
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    return fail(ErrorKind::invalid, "the text begins with a byte order mark", {{}, 1, 1});
  }
  PAWL_TRY(make_room(text.size(), limits.depth_max));
  // An empty text may be at no address.
  if (!text.empty()) std::memcpy(padded.get(), text.data(), text.size());
  std::memset(padded.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
  auto error = reader.parse_into_document(tape, padded.get(), text.size(), false).error();
  if (error == simdjson::NUMBER_ERROR && limits.duplicate_keys == DuplicateKeys::permit) {
    round_large_numbers({padded.get(), text.size()});
    error = reader.parse_into_document(tape, padded.get(), text.size(), false).error();
  }
  if (error == simdjson::SUCCESS) return {};
  if (error == simdjson::MEMALLOC) {
    return fail(ErrorKind::environment, "there is no memory left for this JSON text");
  }
  if (const auto mistake = first_mistake({padded.get(), text.size()}, limits.depth_max)) {
    return fail(ErrorKind::invalid, mistake->message, position_of(text, mistake->offset));
  }
  return fail(ErrorKind::invalid, std::string("not JSON: ") + simdjson::error_message(error));
}

Parser::Parser() = default;
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;

Status Parser::parse(std::string_view text, Document& into, const ParseLimits& limits) {
  State& state = State::of_this_thread();
  Status status = state.read(text, limits);
  if (status) {
    const char* strings = reinterpret_cast<const char*>(state.tape.string_buf.get());
    // Unescaped texts and their frames take at most what simdjson set aside for them.
    state.duplicate_keys.begin(limits.duplicate_keys, {strings, state.capacity * 2});
    // The copy is what was read: numbers in it may have been rounded.
    Flattener flattener(state.tape, {state.padded.get(), text.size()}, limits, state.frames,
                        state.duplicate_keys);
    // Nodes of the document before are written over, not allocated again.
    into.nodes_.resize(flattener.nodes_max());
    std::size_t nodes = 0;
    std::size_t string_bytes = 0;
    status = flattener.run(into.nodes_.data(), nodes, string_bytes);
    into.nodes_.resize(nodes);
    into.text_.assign(strings, string_bytes);
  }
  if (!status) into.clear();
  if (state.capacity > kept_bytes_max) state.give_back();
  return status;
}

Result<Document> parse(std::string_view text, const ParseLimits& limits) {
  Document document;
  PAWL_TRY(Parser().parse(text, document, limits));
  return document;
}

namespace {

std::vector<View::Member> sorted_from(View::Members::Iterator at, View::Members::Iterator end) {
  std::vector<View::Member> out;
  for (; at != end; ++at) out.push_back(*at);
  std::sort(out.begin(), out.end(),
            [](const View::Member& a, const View::Member& b) { return a.key < b.key; });
  return out;
}

bool equal_objects(View a, View b) {
  if (a.size() != b.size()) return false;
  auto left = a.members().begin();
  auto right = b.members().begin();
  const auto left_end = a.members().end();
  const auto right_end = b.members().end();
  // Mostly both sides have the same order; only what follows the first difference is sorted.
  for (; left != left_end; ++left, ++right) {
    if ((*left).key != (*right).key) break;
    if (!equal((*left).value, (*right).value)) return false;
  }
  if (!(left != left_end)) return true;
  const std::vector<View::Member> x = sorted_from(left, left_end);
  const std::vector<View::Member> y = sorted_from(right, right_end);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i].key != y[i].key || !equal(x[i].value, y[i].value)) return false;
  }
  return true;
}

bool equal_arrays(View a, View b) {
  if (a.size() != b.size()) return false;
  auto right = b.elements().begin();
  for (View element : a.elements()) {
    if (!equal(element, *right)) return false;
    ++right;
  }
  return true;
}

}  // namespace

void Document::clear() {
  nodes_.clear();
  text_.clear();
}

bool equal(View a, View b) {
  if (a.exists() != b.exists()) return false;
  // The parser gives every whole number of 64 bits one kind, so equal numbers have equal kinds.
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return a.boolean() == b.boolean();
    case Kind::integer:
      return a.integer() == b.integer();
    case Kind::natural:
      return a.natural() == b.natural();
    case Kind::number:
      return a.number() == b.number();
    case Kind::string:
      return a.string() == b.string();
    case Kind::array:
      return equal_arrays(a, b);
    case Kind::object:
      return equal_objects(a, b);
  }
  return false;
}

}  // namespace pawl::json
