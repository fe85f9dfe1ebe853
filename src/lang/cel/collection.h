// Lists and maps, whether an expression made them or they still lie in a JSON document; and when
// two values are equal or in order.
//
// Numbers are compared by their mathematical value, whatever their types; a double of exactly 2^63
// stands for the largest int. NaN equals nothing. Values of other types are equal only within one
// type; lists element by element, maps without regard to order.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lang/cel/context.h"
#include "lang/cel/value.h"

namespace pawl::cel {

// Elements of a list, entries of a map. Precondition: it is one.
std::uint32_t count_of(const Value& collection);

// Goes through a list or a map: `for (Walk w(v); w.more(); w.next()) use(w.value());`
class Walk {
 public:
  explicit Walk(const Value& collection);
  bool more() const { return index_ < count_; }
  void next();
  void stop() { count_ = 0; }
  bool of_map() const { return collection_.is_map(); }
  std::uint32_t index() const { return index_; }
  Value key() const;    // of a map
  Value value() const;  // the element, or the entry's value

 private:
  Value collection_;
  std::uint32_t index_ = 0;
  std::uint32_t count_;
  std::uint32_t node_ = 0;  // of a document: the element, or the key
};

std::optional<Value> find(Context& context, const Value& map, const Value& key);
// A text that others are compared with at every evaluation: its first and its last bytes as words,
// which may overlap. Of up to sixteen bytes they are all of it, so a comparison needs no call.
struct TextWords {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  static TextWords of(std::string_view text) {
    const char* const end = text.data() + text.size();
    if (text.size() >= 8) return {load<std::uint64_t>(text.data()), load<std::uint64_t>(end - 8)};
    if (text.size() >= 4) return {load<std::uint32_t>(text.data()), load<std::uint32_t>(end - 4)};
    if (text.size() >= 2) return {load<std::uint16_t>(text.data()), load<std::uint16_t>(end - 2)};
    return {text.empty() ? std::uint64_t{0} : load<std::uint8_t>(text.data()), 0};
  }
  // Whether `size` bytes at `at` are the text that these are the words of; where both are of that
  // size, which is at most `whole_bytes_max`.
  bool match(const char* at, std::size_t size) const {
    const char* const end = at + size;
    if (size >= 8) {
      return load<std::uint64_t>(at) == first && load<std::uint64_t>(end - 8) == last;
    }
    if (size >= 4) {
      return load<std::uint32_t>(at) == first && load<std::uint32_t>(end - 4) == last;
    }
    if (size >= 2) {
      return load<std::uint16_t>(at) == first && load<std::uint16_t>(end - 2) == last;
    }
    return size == 0 || load<std::uint8_t>(at) == first;
  }
  static constexpr std::size_t whole_bytes_max = 16;

 private:
  template <class Word>
  static Word load(const char* at) {
    Word word{};
    std::memcpy(&word, at, sizeof word);
    return word;
  }
};
struct MemberName {
  std::string text;
  TextWords words;

  explicit MemberName(std::string name) : text(std::move(name)), words(TextWords::of(text)) {}
};

// The node of a member in an object of a document; 0: none.
[[gnu::noinline]] std::uint32_t member_of_long_name(const json::Document& document,
                                                    std::uint32_t object, std::string_view name);
// The same for a name of at most `whole_bytes_max` bytes: the common way into arguments.
inline std::uint32_t member_of_short_name(const json::Document& document, std::uint32_t object,
                                          std::size_t size, const TextWords& words) {
  const json::Node* const nodes = document.nodes().data();
  const std::uint32_t end = nodes[object].end;
  for (std::uint32_t at = object + 1; at < end; at = nodes[at + 1].end) {
    const json::Node& key = nodes[at];
    if (key.size != size) continue;
    if (words.match(document.bytes(key).data(), key.size)) return at + 1;
  }
  return 0;
}
inline std::uint32_t member_in(const json::Document& document, std::uint32_t object,
                               std::string_view name, const TextWords& words) {
  if (name.size() > TextWords::whole_bytes_max) return member_of_long_name(document, object, name);
  return member_of_short_name(document, object, name.size(), words);
}
std::optional<Value> find_field(const Value& map, const MemberName& name);
std::optional<Value> find_field(const Value& map, std::string_view name);
std::optional<Value> element_at(Context& context, const Value& list, std::uint64_t index);

// Whether the number is whole and not negative, as an index; also of uint and double.
std::optional<std::uint64_t> as_index(const Value& number);

enum class Order : std::uint8_t { less, equal, greater, none, mismatch };
Order order(const Value& a, const Value& b);
bool equal(Context& context, const Value& a, const Value& b);
// The same bytes; of two strings, or two of whatever else is a text.
inline bool same_text(const Value& a, const Value& b) {
  return a.size == b.size && (a.size == 0 || std::memcmp(a.as.text, b.as.text, a.size) == 0);
}
// `equal` for two strings, with the same charge: the commonest question of all.
inline bool equal_texts(Context& context, const Value& a, const Value& b) {
  context.charge(1 + a.size / 64);
  return same_text(a, b);
}

// Keys of maps: bool, int, uint and string.
bool fit_as_key(const Value& value);

}  // namespace pawl::cel
