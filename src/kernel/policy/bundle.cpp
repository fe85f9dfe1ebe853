#include "kernel/policy/bundle.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::string_view kFirstLine = "pawl-bundle 1";

struct Parts {
  std::optional<std::string> policy;
  std::map<std::string, std::string> lists, packs, links, zones;  // zones in base64: it is text
  std::vector<Window> windows;
  std::optional<std::string> task;
};

class BundleReader {
 public:
  explicit BundleReader(std::string_view bundle) : left_(bundle) {}

  std::optional<Parts> read() {
    Parts parts;
    if (line() != kFirstLine) return std::nullopt;
    while (!left_.empty()) {
      std::string_view head = line();
      const std::string_view kind = word(head);
      const bool read = kind == "policy" ? take_policy(head, parts)
                        : kind == "list" ? take_named(head, parts.lists)
                        : kind == "pack" ? take_named(head, parts.packs)
                        : kind == "link" ? take_named(head, parts.links)
                        : kind == "task" ? take_task(head, parts)
                        : kind == "zone" ? take_named(head, parts.zones)
                                         : kind == "freeze" && take_freeze(head, parts);
      if (!read) return std::nullopt;
    }
    if (!parts.policy) return std::nullopt;
    return parts;
  }

 private:
  std::string_view line() {
    const std::size_t end = left_.find('\n');
    const std::string_view text = left_.substr(0, end);
    left_.remove_prefix(end == std::string_view::npos ? left_.size() : end + 1);
    return text;
  }

  static std::string_view word(std::string_view& text) {
    const std::size_t end = text.find(' ');
    const std::string_view first = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return first;
  }

  template <class T>
  static std::optional<T> number(std::string_view text) {
    T value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
  }

  std::optional<std::string> bytes(std::string_view length) {
    const auto size = number<std::size_t>(length);
    if (!size || *size >= left_.size() || left_[*size] != '\n') return std::nullopt;
    std::string text(left_.substr(0, *size));
    left_.remove_prefix(*size + 1);
    return text;
  }

  bool take_policy(std::string_view head, Parts& parts) {
    if (parts.policy) return false;
    parts.policy = bytes(head);
    return parts.policy.has_value();
  }

  bool take_named(std::string_view head, std::map<std::string, std::string>& into) {
    auto text = bytes(word(head));
    if (!text || head.empty()) return false;
    return into.emplace(head, std::move(*text)).second;
  }

  bool take_task(std::string_view head, Parts& parts) {
    if (parts.task) return false;
    parts.task = bytes(head);
    return parts.task.has_value() && !parts.task->empty();
  }

  static bool take_freeze(std::string_view head, Parts& parts) {
    const auto from = number<std::int64_t>(word(head));
    const auto until = number<std::int64_t>(word(head));
    if (!from || !until || head.empty()) return false;
    parts.windows.push_back({std::string(head), Instant{*from}, Instant{*until}});
    return true;
  }

  std::string_view left_;
};

}  // namespace

std::string write_bundle(std::string_view text, const std::map<std::string, std::string>& lists,
                         const Policy& parts, const std::map<std::string, std::string>& zones) {
  std::string bundle = fmt::format("{}\npolicy {}\n{}\n", kFirstLine, text.size(), text);
  for (const auto& [name, bytes] : lists) {
    bundle += fmt::format("list {} {}\n{}\n", bytes.size(), name, bytes);
  }
  for (const auto& pack : parts.packs) {
    bundle += fmt::format("pack {} {}\n{}\n", pack->text.size(), pack->spelled_name(), pack->text);
  }
  for (const auto& [directory, place] : parts.links) {
    bundle += fmt::format("link {} {}\n{}\n", place.size(), directory, place);
  }
  for (const auto& [name, bytes] : zones) {
    const std::string spelled = base64(bytes);
    bundle += fmt::format("zone {} {}\n{}\n", spelled.size(), name, spelled);
  }
  if (!parts.task.empty()) {
    bundle += fmt::format("task {}\n{}\n", parts.task.size(), parts.task);
  }
  for (const Freeze& freeze : parts.freezes) {
    if (freeze.weekly) continue;
    bundle += fmt::format("freeze {} {} {}\n", freeze.from.ns, freeze.until.ns, freeze.name);
  }
  return bundle;
}

namespace {

// `task`: to be narrowed by, in place of what the bundle itself holds.
Loaded load_narrowed(std::string_view bundle, std::string_view file, const TaskText* task) {
  const auto parts = BundleReader(bundle).read();
  if (!parts) {
    Loaded loaded;
    loaded.errors.push_back(
        {Fault::corrupt, "these are not the bytes of a policy bundle", {std::string(file), 0, 0}});
    return loaded;
  }
  LoadSources sources;
  sources.read = [&parts](std::string_view path) -> Result<std::string> {
    const auto found = parts->lists.find(std::string(path));
    if (found == parts->lists.end()) return fail(Fault::missing, "the bundle does not hold it");
    return found->second;
  };
  sources.place = [&parts](const std::string& directory) {
    const auto found = parts->links.find(directory);
    return found == parts->links.end() ? directory : found->second;
  };
  sources.pack = [&parts](std::string_view written) -> Result<std::string> {
    const auto found = parts->packs.find(std::string(written));
    if (found == parts->packs.end()) return fail(Fault::missing, "the bundle does not hold it");
    return found->second;
  };
  sources.zone = [&parts](std::string_view name) -> Result<Zone> {
    if (name == "UTC") return Zone();
    const auto found = parts->zones.find(std::string(name));
    std::string bytes;
    if (found == parts->zones.end() || !unbase64(found->second, bytes)) {
      return fail(Fault::missing, "the bundle does not hold it");
    }
    return Zone::parse(bytes, name);
  };
  const TaskText own{parts->task ? *parts->task : std::string_view{}, "task"};
  if (task == nullptr && parts->task) task = &own;
  return load_parts(*parts->policy, file, sources, &parts->windows, task);
}

}  // namespace

Loaded load_bundle(std::string_view bundle, std::string_view file) {
  return load_narrowed(bundle, file, nullptr);
}

Loaded load_task(const Policy& role, std::string_view task, std::string_view file) {
  const TaskText text{task, file};
  return load_narrowed(role.bundle, role.file, &text);
}

}  // namespace pawl
