// The little JSON that the client needs: members of an answer, and the body of a request.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace pawl_client {

// One object; whatever is not there, or of another kind, is what `without` says.
class Reader {
 public:
  explicit Reader(std::string_view text);
  bool good() const { return good_; }
  std::string text(std::string_view name, std::string_view without = {}) const;
  std::uint64_t number(std::string_view name) const;
  bool yes(std::string_view name) const;
  // A member as JSON.
  std::string raw(std::string_view name) const;

 private:
  simdjson::dom::parser parser_;
  simdjson::dom::object root_;
  bool good_ = false;
};

class Writer {
 public:
  Writer& text(std::string_view name, std::string_view value);  // nothing where it is empty
  Writer& raw(std::string_view name, std::string_view json);    // the same
  Writer& number(std::string_view name, std::uint64_t value);
  std::string take();

 private:
  void key(std::string_view name);
  std::string out_ = "{";
};

void write_json_text(std::string_view text, std::string& out);

}  // namespace pawl_client
