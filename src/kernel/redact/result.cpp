// The projection of a whole tools/call result.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "kernel/redact/scope.h"

namespace pawl {
namespace {

constexpr std::size_t shown_bytes_max = 64;

// The way to a value, kept on the stack: a name is made only of what is told.
struct Way {
  const Way* above = nullptr;
  std::string_view name = {};  // of a member, or of where the way begins
  std::size_t index = 0;       // of an element, where `element`
  bool element = false;
};

class ResultProjection {
 public:
  ResultProjection(const Scope& scope, json::View received) : scope_(scope), received_(received) {}

  Projected make();

 private:
  void project_structured();
  void project_content();
  void project_text(std::size_t index, json::View item);
  void withhold_item(std::size_t index, json::View item, std::string_view why);
  void name_others();
  void name_fields(json::View before, std::string_view projected, const Way& way);
  void compare(json::View before, json::View after, const Way& way);
  void compare_members(json::View before, json::View after, const Way& way);
  void withhold(std::string name);
  void withhold(const Way& way);
  std::string notice() const;

  const Scope& scope_;
  json::View received_;
  bool failed_ = false;  // isError
  std::string structured_;
  std::vector<std::string> texts_;
  std::vector<std::string> withheld_;
  std::size_t items_ = 0;   // parts of the content that were withheld
  std::size_t fields_ = 0;  // members outside the scope
  std::size_t beside_ = 0;  // other members of the result
  std::size_t unnamed_ = 0;
};

void ResultProjection::withhold(std::string name) {
  if (withheld_.size() < withheld_names_max) {
    withheld_.push_back(std::move(name));
  } else {
    ++unnamed_;
  }
}

std::string shown(std::string_view name) {
  std::string out = escape_untrusted(name.substr(0, shown_bytes_max));
  if (name.size() > shown_bytes_max) out += "...";
  return out;
}

void append(const Way& way, std::string& out) {  // NOLINT(misc-no-recursion)
  if (way.above == nullptr) {
    out += way.name;
    return;
  }
  append(*way.above, out);
  if (way.element) {
    fmt::format_to(std::back_inserter(out), "[{}]", way.index);
  } else {
    out += '.';
    out += shown(way.name);
  }
}

void ResultProjection::withhold(const Way& way) {
  if (withheld_.size() >= withheld_names_max) {
    ++unnamed_;
    return;
  }
  append(way, withheld_.emplace_back());
}

// The projection wrote its members in the order of their names, so each is found by halves: objects
// may be large, and looking through all of one for each of the other would take their product.
void ResultProjection::compare_members(json::View before, json::View after, const Way& way) {
  std::vector<json::View::Member> kept;
  kept.reserve(after.size());
  for (const json::View::Member& member : after.members()) kept.push_back(member);
  for (auto [name, value] : before.members()) {
    const Way inner{&way, name};
    const auto found = std::ranges::lower_bound(kept, name, {}, &json::View::Member::key);
    if (found != kept.end() && found->key == name) {
      compare(value, found->value, inner);
    } else {
      ++fields_;
      withhold(inner);
    }
  }
}

// Names every member that the projection lost. Elements of lists are told apart only by place, and
// the projection may drop some: below a list that lost an element, the list itself is named.
void ResultProjection::compare(json::View before, json::View after, const Way& way) {
  if (before.is_object() && after.is_object()) return compare_members(before, after, way);
  if (before.is_array() && after.is_array() && before.size() == after.size()) {
    auto other = after.elements().begin();
    std::size_t index = 0;
    for (json::View value : before.elements()) {
      compare(value, *other, {&way, {}, index++, true});
      ++other;
    }
    return;
  }
  if (json::equal(before, after)) return;
  ++fields_;
  withhold(way);
}

void ResultProjection::name_fields(json::View before, std::string_view projected, const Way& way) {
  const Result<json::Document> after = json::parse(projected);
  if (after) compare(before, after->root(), way);
}

void ResultProjection::project_structured() {
  const json::View structured = received_["structuredContent"];
  if (!structured.exists()) return;
  if (failed_ || (!structured.is_object() && !structured.is_array())) {
    ++items_;
    withhold("structuredContent");
    return;
  }
  if (!scope_.project(structured, structured_)) {
    // A client with an output schema expects the member although nothing is left in it.
    structured_ = structured.is_object() ? "{}" : "[]";
  }
  name_fields(structured, structured_, {nullptr, "structuredContent"});
  texts_.push_back(structured_);
}

void ResultProjection::withhold_item(std::size_t index, json::View item, std::string_view why) {
  ++items_;
  withhold(
      fmt::format("content[{}] {}{}", index, shown(item.text("type").value_or("unknown")), why));
}

void ResultProjection::project_text(std::size_t index, json::View item) {
  const auto text = item.text("text");
  if (failed_ || !text) return withhold_item(index, item, failed_ ? " of an error" : "");
  // Prose, several values in a row, duplicate_keys of keys: all of that is no JSON value to our
  // parser.
  const Result<json::Document> parsed = json::parse(*text);
  if (!parsed) return withhold_item(index, item, " that is not JSON");
  std::string projected;
  const bool left = scope_.project(parsed->root(), projected);
  if (!structured_.empty()) {
    // The structured content is shown already; a text that says something else would contradict it.
    if (projected != structured_ && left) {
      withhold_item(index, item, " that differs from the structured content");
    }
    return;
  }
  if (!left) return withhold_item(index, item, " without a listed field");
  name_fields(parsed->root(), projected, {nullptr, fmt::format("content[{}]", index)});
  texts_.push_back(std::move(projected));
}

void ResultProjection::project_content() {
  std::size_t index = 0;
  for (json::View item : received_["content"].elements()) {
    const bool text = item.text("type") == "text";
    text ? project_text(index, item) : withhold_item(index, item, "");
    for (auto [name, value] : text ? item.members() : json::View().members()) {
      if (name == "type" || name == "text") continue;
      withhold(fmt::format("content[{}].{}", index, shown(name)));
    }
    ++index;
  }
  if (received_["content"].exists() && !received_["content"].is_array()) {
    ++items_;
    withhold("content");
  }
}

void ResultProjection::name_others() {
  for (auto [name, value] : received_.members()) {
    if (name == "content" || name == "structuredContent" || name == "isError") continue;
    ++beside_;
    withhold(shown(name));
  }
}

std::string ResultProjection::notice() const {
  std::vector<std::string> parts;
  const auto count = [&](std::size_t n, std::string_view one, std::string_view many) {
    if (n > 0) parts.push_back(fmt::format("{} {}", n, n == 1 ? one : many));
  };
  count(fields_, "field", "fields");
  count(items_, failed_ ? "part of the error" : "part of the content",
        failed_ ? "parts of the error" : "parts of the content");
  count(beside_, "other member", "other members");
  return fmt::format("withheld by the policy's scope: {}", fmt::join(parts, ", "));
}

Projected ResultProjection::make() {
  if (!received_.is_object()) {
    ++items_;
    withhold("result");
  }
  const json::View error = received_["isError"];
  // Anything but a plain `false` counts as an error: its texts are withheld.
  failed_ = error.exists() && !(error.kind() == json::Kind::boolean && !error.boolean());
  project_structured();
  project_content();
  name_others();
  if (items_ + fields_ > 0) texts_.push_back(notice());
  json::Writer out;
  out.object().key("content").array();
  for (const std::string& text : texts_) {
    out.object().key("text").string(text).key("type").string("text").end();
  }
  out.end();
  if (error.exists()) out.key("isError").boolean(failed_);
  if (!structured_.empty()) out.key("structuredContent").raw(structured_);
  out.end();
  if (unnamed_ > 0) withheld_.push_back(fmt::format("{} more", unnamed_));
  return {out.take(), std::move(withheld_)};
}

}  // namespace

Projected project_result(const Scope& scope, json::View result) {
  return ResultProjection(scope, result).make();
}

std::string withheld_notice() {
  return "text withheld: the policy limits what this tool returns to listed fields";
}

}  // namespace pawl
