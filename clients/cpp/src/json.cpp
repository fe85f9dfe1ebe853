#include "json.h"

#include <utility>

namespace pawl_client {

Reader::Reader(std::string_view text) {
  good_ = parser_.parse(text.data(), text.size()).get_object().get(root_) == simdjson::SUCCESS;
}

std::string Reader::text(std::string_view name, std::string_view without) const {
  std::string_view value;
  if (!good_ || root_[name].get_string().get(value) != simdjson::SUCCESS) value = without;
  return std::string(value);
}

std::uint64_t Reader::number(std::string_view name) const {
  std::uint64_t value = 0;
  if (!good_ || root_[name].get_uint64().get(value) != simdjson::SUCCESS) return 0;
  return value;
}

bool Reader::yes(std::string_view name) const {
  bool value = false;
  return good_ && root_[name].get_bool().get(value) == simdjson::SUCCESS && value;
}

std::string Reader::raw(std::string_view name) const {
  simdjson::dom::element value;
  if (!good_ || root_[name].get(value) != simdjson::SUCCESS) return {};
  return simdjson::minify(value);
}

void Writer::key(std::string_view name) {
  if (out_.size() > 1) out_ += ',';
  write_json_text(name, out_);
  out_ += ':';
}

Writer& Writer::text(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  key(name);
  write_json_text(value, out_);
  return *this;
}

Writer& Writer::raw(std::string_view name, std::string_view json) {
  if (json.empty()) return *this;
  key(name);
  out_ += json;
  return *this;
}

Writer& Writer::number(std::string_view name, std::uint64_t value) {
  key(name);
  out_ += std::to_string(value);
  return *this;
}

std::string Writer::take() {
  out_ += '}';
  return std::move(out_);
}

void write_json_text(std::string_view text, std::string& out) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20U) {
      out += "\\u00";
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace pawl_client
