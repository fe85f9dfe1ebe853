// JSON: parsed once, kept flat, written by one canonical writer.
//
// `Document` owns a parsed text as a flat preorder array of nodes; `View` is a cheap reference into
// it (copy it freely, it is valid as long as its document and no longer). Parsing is strict on
// purpose, because whatever is decided must be what is forwarded:
//   - RFC 8259 only, valid UTF-8, no lone surrogates, at most `ParseLimits::depth_max` deep;
//   - two keys of one object that are equal byte by byte, or equal after Unicode case folding and
//     NFKC, are refused (cases P01 and P02), unless `ParseLimits::duplicate_keys` permits
//     them;
//   - whole numbers are exact in 64 bits however they are spelled (`9007199254740993.0` too); any
//     other number has at most 17 significant digits, is not too large or too small for a double,
//     and does not become a whole number by rounding.
// `write` is the canonical form: no blanks, keys of every object in byte order, integers as
// integers (`10.0` and `1e1` are written `10`, `-0` is written `0`), other numbers as the shortest
// text that reads back equal, strings with the fewest escapes.
//
// Threads: values, no sharing rules beyond the ordinary ones. `Parser` holds buffers for reuse and
// belongs to one thread.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::json {

enum class Kind : std::uint8_t { null, boolean, integer, natural, number, string, array, object };

// What to do with two keys of one object that are equal, or equal after folding. `permit` is for
// texts that are passed on as received and never decided on: it also lets numbers pass that a
// 64-bit form has to round.
enum class DuplicateKeys : std::uint8_t { refuse, refuse_exact_only, permit };

struct ParseLimits {
  std::size_t bytes_max = 64UL << 20;
  std::size_t depth_max = 128;
  DuplicateKeys duplicate_keys = DuplicateKeys::refuse;
};

// One node of the flat form. `integer` holds what fits in int64, `natural` what fits in uint64
// only.
struct Node {
  Kind kind = Kind::null;
  std::uint32_t size = 0;  // bytes of a string, elements of an array, members of an object
  std::uint32_t end = 0;   // index of the first node behind this one's subtree
  union {
    bool boolean;
    std::int64_t integer;
    std::uint64_t natural;
    double number;
    std::uint64_t offset;  // of a string's bytes in the document's text arena
  } as = {.integer = 0};
};

class Document;

// A value inside a document. A default View is "nothing": `exists()` is false, its kind is null.
class View {
 public:
  View() = default;
  View(const Document* document, std::uint32_t index) : document_(document), index_(index) {}

  bool exists() const { return document_ != nullptr; }
  Kind kind() const;
  bool is_null() const { return exists() && kind() == Kind::null; }
  bool is_string() const { return exists() && kind() == Kind::string; }
  bool is_object() const { return exists() && kind() == Kind::object; }
  bool is_array() const { return exists() && kind() == Kind::array; }
  bool is_integer() const { return exists() && kind() == Kind::integer; }
  bool is_number() const;  // integer, natural or number

  bool boolean() const;             // precondition: kind() == boolean
  std::int64_t integer() const;     // precondition: kind() == integer
  std::uint64_t natural() const;    // precondition: kind() is natural, or integer and not negative
  double number() const;            // precondition: is_number(); rounds what a double cannot hold
  std::string_view string() const;  // precondition: kind() == string

  // Elements of an array or members of an object; 0 for everything else.
  std::uint32_t size() const;

  // A member of an object by name, or nothing. Linear; objects of protocols are small.
  View operator[](std::string_view key) const;
  // A member's text where it is a string, else nothing.
  std::optional<std::string_view> text(std::string_view key) const;

  std::uint32_t index() const { return index_; }
  const Document* document() const { return document_; }

  // Ranges. `for (auto element : v.elements())`, `for (auto [key, value] : v.members())`.
  struct Member;
  class Elements;
  class Members;
  Elements elements() const;  // empty unless an array
  Members members() const;    // empty unless an object; key order as received

 private:
  const Document* document_ = nullptr;
  std::uint32_t index_ = 0;
};

struct View::Member {
  std::string_view key;
  View value;
};

class Document {
 public:
  View root() const { return nodes_.empty() ? View{} : View{this, 0}; }
  std::span<const Node> nodes() const { return nodes_; }
  // Every index and every offset in a document was made by its parser: in a build without
  // assertions nothing is asked again, because every decision goes through here many times.
  const Node& node(std::uint32_t index) const {
    assert(index < nodes_.size());
    return nodes_.data()[index];
  }
  std::string_view bytes(const Node& string_node) const {
    assert(string_node.as.offset + string_node.size <= text_.size());
    return {text_.data() + string_node.as.offset, string_node.size};
  }
  void clear();

 private:
  friend class Parser;
  std::vector<Node> nodes_;
  std::string text_;
};

class View::Elements {
 public:
  struct Iterator {
    const Document* document;
    std::uint32_t index;
    View operator*() const { return {document, index}; }
    Iterator& operator++() {
      index = document->node(index).end;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index != other.index; }
  };
  Elements(const Document* document, std::uint32_t first, std::uint32_t last)
      : document_(document), first_(first), last_(last) {}
  Iterator begin() const { return {document_, first_}; }
  Iterator end() const { return {document_, last_}; }

 private:
  const Document* document_;
  std::uint32_t first_;
  std::uint32_t last_;
};

class View::Members {
 public:
  struct Iterator {
    const Document* document;
    std::uint32_t index;  // of the key; the value follows it
    Member operator*() const {
      return {document->bytes(document->node(index)), View{document, index + 1}};
    }
    Iterator& operator++() {
      index = document->node(index + 1).end;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index != other.index; }
  };
  Members(const Document* document, std::uint32_t first, std::uint32_t last)
      : document_(document), first_(first), last_(last) {}
  Iterator begin() const { return {document_, first_}; }
  Iterator end() const { return {document_, last_}; }

 private:
  const Document* document_;
  std::uint32_t first_;
  std::uint32_t last_;
};

// The accessors stand here in full because every decision is made of them.
inline Kind View::kind() const {
  return document_ == nullptr ? Kind::null : document_->node(index_).kind;
}

inline bool View::is_number() const {
  switch (kind()) {
    case Kind::integer:
    case Kind::natural:
    case Kind::number:
      return true;
    case Kind::null:
    case Kind::boolean:
    case Kind::string:
    case Kind::array:
    case Kind::object:
      return false;
  }
  return false;
}

inline bool View::boolean() const {
  assert(kind() == Kind::boolean);
  return document_->node(index_).as.boolean;
}

inline std::int64_t View::integer() const {
  assert(kind() == Kind::integer);
  return document_->node(index_).as.integer;
}

inline std::uint64_t View::natural() const {
  assert(kind() == Kind::natural || (kind() == Kind::integer && integer() >= 0));
  // Both members of the union have the same bits for a value that is not negative.
  return kind() == Kind::natural ? document_->node(index_).as.natural
                                 : static_cast<std::uint64_t>(integer());
}

inline double View::number() const {
  assert(is_number());
  const Node& node = document_->node(index_);
  if (node.kind == Kind::integer) return static_cast<double>(node.as.integer);
  if (node.kind == Kind::natural) return static_cast<double>(node.as.natural);
  return node.as.number;
}

inline std::string_view View::string() const {
  assert(kind() == Kind::string);
  return document_->bytes(document_->node(index_));
}

inline std::uint32_t View::size() const {
  if (!is_array() && !is_object()) return 0;
  return document_->node(index_).size;
}

inline View View::operator[](std::string_view key) const {
  if (!is_object()) return {};
  const std::uint32_t end = document_->node(index_).end;
  for (std::uint32_t at = index_ + 1; at < end; at = document_->node(at + 1).end) {
    const Node& name = document_->node(at);
    if (name.size == key.size() && document_->bytes(name) == key) return {document_, at + 1};
  }
  return {};
}

inline std::optional<std::string_view> View::text(std::string_view key) const {
  const View member = (*this)[key];
  if (!member.is_string()) return std::nullopt;
  return member.string();
}

inline View::Elements View::elements() const {
  if (!is_array()) return {document_, 0, 0};
  return {document_, index_ + 1, document_->node(index_).end};
}

inline View::Members View::members() const {
  if (!is_object()) return {document_, 0, 0};
  return {document_, index_ + 1, document_->node(index_).end};
}

// Reusable parser; keeps its buffers between calls so that the hot path allocates nothing.
class Parser {
 public:
  Parser();
  ~Parser();
  Parser(Parser&&) noexcept;
  Parser& operator=(Parser&&) noexcept;

  // Fills `into` (its buffers are reused). On an error `into` is empty and the message says what
  // is wrong: `two keys of one object are the same: `to` and `To``.
  Status parse(std::string_view text, Document& into, const ParseLimits& limits = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Parses with a parser of its own; for cold paths and tests.
Result<Document> parse(std::string_view text, const ParseLimits& limits = {});

// Appends the canonical form.
void write(View value, std::string& out);
std::string write(View value);

// Appends a JSON string literal, quotes included. Invalid UTF-8 is replaced by U+FFFD.
void write_string(std::string_view text, std::string& out);
void write_number(double value, std::string& out);

// Deep equality by value: numbers by mathematical value, objects without regard to key order.
bool equal(View a, View b);

// Builds JSON text. Keys come out in the order of the calls; where canonical order matters the
// caller writes them sorted. Commas and colons are placed by the writer.
//   Writer w; w.object().key("tool").string("x").key("n").integer(3).end();
class Writer {
 public:
  Writer& object();
  Writer& array();
  Writer& end();
  Writer& key(std::string_view name);
  Writer& string(std::string_view text);
  Writer& integer(std::int64_t value);
  Writer& natural(std::uint64_t value);
  Writer& number(double value);
  Writer& boolean(bool value);
  Writer& null();
  Writer& raw(std::string_view json);  // a complete JSON value, trusted to be one
  Writer& value(View view);            // its canonical form

  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  void separate();
  std::string out_;
  std::vector<char> open_;
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace pawl::json
