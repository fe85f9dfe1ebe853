#include <array>
#include <cassert>
#include <charconv>

#include "base/json.h"

namespace pawl::json {
namespace {

// Room for most texts from the start, so that few have to move while they grow.
constexpr std::size_t first_writer_bytes = 256;

template <class Number>
void append_integer(Number value, std::string& out) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

}  // namespace

void Writer::separate() {
  if (after_key_) {
    after_key_ = false;
  } else {
    assert(open_.empty() || open_.back() == ']');  // inside an object a key comes first
    if (!first_) out_ += ',';
  }
  first_ = false;
}

Writer& Writer::object() {
  if (out_.empty()) out_.reserve(first_writer_bytes);
  separate();
  out_ += '{';
  open_.push_back('}');
  first_ = true;
  return *this;
}

Writer& Writer::array() {
  separate();
  out_ += '[';
  open_.push_back(']');
  first_ = true;
  return *this;
}

Writer& Writer::end() {
  assert(!open_.empty() && !after_key_);
  out_ += open_.back();
  open_.pop_back();
  first_ = false;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  assert(!open_.empty() && open_.back() == '}' && !after_key_);
  if (!first_) out_ += ',';
  first_ = false;
  write_string(name, out_);
  out_ += ':';
  after_key_ = true;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  separate();
  write_string(text, out_);
  return *this;
}

Writer& Writer::integer(std::int64_t value) {
  separate();
  append_integer(value, out_);
  return *this;
}

Writer& Writer::natural(std::uint64_t value) {
  separate();
  append_integer(value, out_);
  return *this;
}

Writer& Writer::number(double value) {
  separate();
  write_number(value, out_);
  return *this;
}

Writer& Writer::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
  return *this;
}

Writer& Writer::null() {
  separate();
  out_ += "null";
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

Writer& Writer::value(View view) {
  separate();
  write(view, out_);
  return *this;
}

}  // namespace pawl::json
