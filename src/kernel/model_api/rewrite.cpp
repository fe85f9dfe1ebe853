#include "kernel/model_api/rewrite.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/json_slice.h"
#include "kernel/model_api/cap_members.h"
#include "kernel/model_api/request_walk.h"

namespace pawl {
namespace {

// The name that a key of the text stands for.
std::string name_of(ModelApi api, std::string_view raw) {
  std::string name(raw);
  if (raw.contains('\\')) {
    const auto key = json::parse(fmt::format("\"{}\"", raw));
    if (key && key->root().is_string()) name = key->root().string();
  }
  return table_name(api, name);
}

// Collects changes of a text that is valid JSON, and makes them all at once.
class BodyEdit {
 public:
  BodyEdit(ModelApi api, std::string_view bytes) : api_(api), bytes_(bytes) {}

  // The value of a member of an object of the text, as it came; nothing where it is not there.
  std::optional<std::string_view> find(std::string_view object, std::string_view name) const {
    for (const json::Slice& slice : json::top_level(object)) {
      if (name_of(api_, slice.key) == name) return slice.value;
    }
    return std::nullopt;
  }

  void put(std::string_view object, std::string_view name, std::string value) {
    if (const auto found = find(object, name)) {
      changes_.push_back({offset(*found), found->size(), std::move(value), changes_.size()});
      return;
    }
    const std::size_t brace = object.find('{');
    const bool empty = object.find_first_not_of(" \t\n\r", brace + 1) == object.rfind('}');
    changes_.push_back({offset(object) + brace + 1, 0,
                        fmt::format("\"{}\":{}{}", name, value, empty ? "" : ","),
                        changes_.size()});
  }

  std::string made() {
    std::ranges::sort(changes_, {},
                      [](const Change& change) { return std::pair(change.at, change.order); });
    std::string out;
    std::size_t at = 0;
    for (const Change& change : changes_) {
      out.append(bytes_.substr(at, change.at - at)).append(change.text);
      at = change.at + change.size;
    }
    return out.append(bytes_.substr(at));
  }

 private:
  struct Change {
    std::size_t at, size;
    std::string text;
    std::size_t order;  // of those in one place
  };

  std::size_t offset(std::string_view part) const {
    return static_cast<std::size_t>(part.data() - bytes_.data());
  }

  ModelApi api_;
  std::string_view bytes_;
  std::vector<Change> changes_;
};

// Lowers what is stated, and states the first one where none is.
void write_caps(ModelApi api, json::View body, std::string_view bytes, std::uint64_t cap,
                BodyEdit& edit) {
  const RequestWalk names(api);
  const std::string value = std::to_string(cap);
  bool stated = false;
  for (const CapMember& row : cap_members(api)) {
    const json::View owner = row.owner.empty() ? body : names.member(body, row.owner);
    const json::View now = names.member(owner, row.name);
    if (!now.is_number()) continue;
    stated = true;
    if (now.natural() <= cap) continue;
    edit.put(row.owner.empty() ? bytes : *edit.find(bytes, row.owner), row.name, value);
  }
  if (stated) return;
  const CapMember& first = cap_members(api).front();
  if (first.owner.empty()) return edit.put(bytes, first.name, value);
  if (names.member(body, first.owner).is_object()) {
    return edit.put(*edit.find(bytes, first.owner), first.name, value);
  }
  edit.put(bytes, first.owner, fmt::format("{{\"{}\":{}}}", first.name, value));
}

void ask_for_usage(json::View body, std::string_view bytes, BodyEdit& edit) {
  if (!body["stream_options"].is_object()) {
    return edit.put(bytes, "stream_options", R"({"include_usage":true})");
  }
  edit.put(*edit.find(bytes, "stream_options"), "include_usage", "true");
}

}  // namespace

Result<std::string> edited_request(const ModelRequest& request, std::string_view bytes,
                                   json::View body, const RequestEdit& edit) {
  if (edit.output_cap != 0 && edit.output_cap < request.output_least) {
    return fail(ErrorKind::refused,
                fmt::format("a cap of {} tokens is left, and the request needs {}", edit.output_cap,
                            request.output_least));
  }
  BodyEdit changes(request.api, bytes);
  if (edit.output_cap != 0 && !cap_members(request.api).empty()) {
    write_caps(request.api, body, bytes, edit.output_cap, changes);
  }
  if (edit.ask_usage && request.api == ModelApi::openai_chat && request.stream &&
      !request.usage_asked) {
    ask_for_usage(body, bytes, changes);
  }
  return changes.made();
}

}  // namespace pawl
