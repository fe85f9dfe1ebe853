// The header fields of one HTTP message, in the order they came.
//
// Names are kept in lower case, values as they are, without blanks around them. One text holds all
// of them: a message with twenty fields costs two allocations. A field that came twice is two
// fields; a reader of one that may stand once asks `count`, because two readers could choose
// differently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::http {

struct Header {
  std::string_view name;  // lower case
  std::string_view value;
};

class Headers {
 public:
  // Not checked here: the sender of fields asks `sendable` first.
  void add(std::string_view name, std::string_view value);
  // Room for what is about to come.
  void reserve(std::size_t bytes, std::size_t fields);

  // Overwrites what is kept; no field is left.
  void wipe();

  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }
  Header operator[](std::size_t i) const;

  // The first field of that name, given in lower case. Views live as long as nothing is added.
  std::optional<std::string_view> find(std::string_view lower_name) const;
  std::size_t count(std::string_view lower_name) const;

 private:
  struct Field {
    std::uint32_t at;
    std::uint32_t name_bytes;
    std::uint32_t value_bytes;
  };
  std::string text_;
  std::vector<Field> fields_;
};

// The characters of a method and of a field's name (RFC 9110, section 5.6.2); at least one.
bool is_token(std::string_view text);
// No control characters but tabs: nothing that could end a line.
bool is_field_value(std::string_view text);
// Whether every field could be written to a peer as it is.
bool sendable(const Headers& headers);

// Equal but for the case of ASCII letters.
bool same_ignoring_case(std::string_view a, std::string_view b);

}  // namespace pawl::http
