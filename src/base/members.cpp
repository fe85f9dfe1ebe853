#include "base/members.h"

#include <algorithm>

#include "base/text.h"

namespace pawl {

MemberReader::MemberReader(json::View object) : object_(object) {
  if (!object.is_object()) status_ = fail(ErrorKind::corrupt, "expected an object");
}

void MemberReader::wrong(std::string_view name, std::string_view what) {
  if (!status_) return;  // the first mistake is the one to read
  status_ = fail(ErrorKind::corrupt, "`" + std::string(name) + "` " + std::string(what));
}

json::View MemberReader::inner(std::string_view name) {
  known_.push_back(name);
  return object_[name];
}

Status MemberReader::finish() {
  if (!status_) return status_;
  for (const auto [key, value] : object_.members()) {
    if (std::ranges::find(known_, key) == known_.end()) {
      return fail(ErrorKind::corrupt, "unknown member `" + escape_untrusted(key) + "`");
    }
  }
  return {};
}

void MemberReader::get(std::string_view name, json::View view, std::string& value) {
  if (!view.is_string()) return wrong(name, "is not text");
  value = view.string();
}

void MemberReader::get(std::string_view name, json::View view, bool& value) {
  if (view.kind() != json::Kind::boolean) return wrong(name, "is not true or false");
  value = view.boolean();
}

void MemberReader::get(std::string_view name, json::View view, Instant& value) {
  if (!view.is_string()) return wrong(name, "is not a time");
  const Result<Instant> at = parse_instant(view.string());
  if (!at) return wrong(name, "is not a time");
  value = *at;
}

void MemberReader::get(std::string_view name, json::View view, Duration& value) {
  get(name, view, value.ns);
}

void MemberReader::get(std::string_view name, json::View view, std::vector<std::string>& values) {
  if (!view.is_array()) return wrong(name, "is not a list");
  values.clear();
  for (const json::View element : view.elements()) {
    if (!element.is_string()) return wrong(name, "is not a list of texts");
    values.emplace_back(element.string());
  }
}

bool MemberReader::number(std::string_view name, json::View view, std::uint64_t& value,
                          std::uint64_t most) {
  const bool natural =
      view.kind() == json::Kind::natural || (view.is_integer() && view.integer() >= 0);
  if (!natural || view.natural() > most) {
    wrong(name, "is not a natural number in range");
    return false;
  }
  value = view.natural();
  return true;
}

void MemberReader::get(std::string_view name, json::View view, std::int64_t& value) {
  if (!view.is_integer()) return wrong(name, "is not an integer");
  value = view.integer();
}

void MemberReader::object(std::string_view name, std::string& text) {
  const json::View found = inner(name);
  text.clear();
  if (!found.exists()) return;
  if (!found.is_object()) return wrong(name, "is not an object");
  json::write(found, text);
}

}  // namespace pawl
