#include "kernel/policy/bundle.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <span>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::string_view kFirstLine = "pawl-bundle 1";

// One file with what was read for it. Zones are in base64: it is text.
struct Piece {
  std::string file, text;
  std::map<std::string, std::string> lists, zones;
  std::vector<Window> windows;
};

struct Parts {
  std::optional<std::string> policy;
  std::map<std::string, std::string> packs, links;
  std::optional<std::string> task;
  std::vector<Piece> pieces = std::vector<Piece>(1);  // the role's, then those of the layers

  bool layered() const { return pieces.size() > 1; }
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
      Piece& piece = parts.pieces.back();
      const bool read = kind == "list"     ? take_named(head, piece.lists)
                        : kind == "zone"   ? take_named(head, piece.zones)
                        : kind == "freeze" ? take_freeze(head, piece)
                        : kind == "layer"  ? take_layer(head, parts)
                                           : take_of_role(kind, head, parts);
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

  // What stands before the first layer.
  bool take_of_role(std::string_view kind, std::string_view head, Parts& parts) {
    if (parts.layered()) return false;
    return kind == "policy" ? take_policy(head, parts)
           : kind == "pack" ? take_named(head, parts.packs)
           : kind == "link" ? take_named(head, parts.links)
                            : kind == "task" && take_task(head, parts);
  }

  bool take_layer(std::string_view head, Parts& parts) {
    auto text = bytes(word(head));
    if (!parts.policy || !text || head.empty() || parts.pieces.size() > layers_max) return false;
    parts.pieces.push_back({std::string(head), std::move(*text), {}, {}, {}});
    return true;
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

  static bool take_freeze(std::string_view head, Piece& piece) {
    const auto from = number<std::int64_t>(word(head));
    const auto until = number<std::int64_t>(word(head));
    if (!from || !until || head.empty()) return false;
    piece.windows.push_back({std::string(head), Instant{*from}, Instant{*until}});
    return true;
  }

  std::string_view left_;
};

}  // namespace

namespace {

void put_named(std::string_view kind, std::string_view name, std::string_view bytes,
               std::string& bundle) {
  bundle += fmt::format("{} {} {}\n{}\n", kind, bytes.size(), name, bytes);
}

void put_freezes(const Policy& parts, std::string& bundle) {
  for (const Freeze& freeze : parts.freezes) {
    if (freeze.weekly) continue;
    bundle += fmt::format("freeze {} {} {}\n", freeze.from.ns, freeze.until.ns, freeze.name);
  }
}

}  // namespace

std::string write_bundle(std::string_view text, const std::map<std::string, std::string>& lists,
                         const Policy& parts, const std::map<std::string, std::string>& zones) {
  std::string bundle = fmt::format("{}\npolicy {}\n{}\n", kFirstLine, text.size(), text);
  for (const auto& [name, bytes] : lists) put_named("list", name, bytes, bundle);
  for (const auto& pack : parts.packs) put_named("pack", pack->spelled_name(), pack->text, bundle);
  for (const auto& [directory, place] : parts.links) put_named("link", directory, place, bundle);
  for (const auto& [name, bytes] : zones) put_named("zone", name, base64(bytes), bundle);
  if (!parts.task.empty()) {
    bundle += fmt::format("task {}\n{}\n", parts.task.size(), parts.task);
  }
  put_freezes(parts, bundle);
  return bundle;
}

std::string write_layer(const LayerSource& source, const std::map<std::string, std::string>& lists,
                        const Policy& parts, const std::map<std::string, std::string>& zones) {
  std::string bundle;
  put_named("layer", source.file, source.text, bundle);
  for (const auto& [name, bytes] : lists) put_named("list", name, bytes, bundle);
  for (const auto& [name, bytes] : zones) put_named("zone", name, base64(bytes), bundle);
  put_freezes(parts, bundle);
  return bundle;
}

namespace {

std::function<Result<std::string>(std::string_view)> lists_of(const Piece& piece) {
  return [&piece](std::string_view path) -> Result<std::string> {
    const auto found = piece.lists.find(std::string(path));
    if (found == piece.lists.end()) return fail(ErrorKind::missing, "the bundle does not hold it");
    return found->second;
  };
}

// Nothing from the outside. The parts live as long as the sources.
LoadSources sources_of(const Parts& parts) {
  LoadSources sources;
  sources.read = lists_of(parts.pieces.front());
  sources.place = [&parts](const std::string& directory) {
    const auto found = parts.links.find(directory);
    return found == parts.links.end() ? directory : found->second;
  };
  sources.pack = [&parts](std::string_view written) -> Result<std::string> {
    const auto found = parts.packs.find(std::string(written));
    if (found == parts.packs.end()) return fail(ErrorKind::missing, "the bundle does not hold it");
    return found->second;
  };
  sources.zone = [&parts](std::string_view name) -> Result<Zone> {
    if (name == "UTC") return Zone();
    for (const Piece& piece : parts.pieces) {
      const auto found = piece.zones.find(std::string(name));
      std::string bytes;
      if (found != piece.zones.end() && unbase64(found->second, bytes)) {
        return Zone::parse(bytes, name);
      }
    }
    return fail(ErrorKind::missing, "the bundle does not hold it");
  };
  for (const Piece& piece : std::span(parts.pieces).subspan(1)) {
    sources.layers.push_back({piece.file, piece.text, lists_of(piece)});
  }
  return sources;
}

// `task`: to be narrowed by, in place of what the bundle itself holds.
Loaded load_narrowed(std::string_view bundle, std::string_view file, const TaskText* task) {
  const auto parts = BundleReader(bundle).read();
  if (!parts) {
    Loaded loaded;
    loaded.errors.push_back({ErrorKind::corrupt,
                             "these are not the bytes of a policy bundle",
                             {std::string(file), 0, 0}});
    return loaded;
  }
  const LoadSources sources = sources_of(*parts);
  Recorded recorded;
  recorded.windows = parts->pieces.front().windows;
  for (const Piece& piece : std::span(parts->pieces).subspan(1)) {
    recorded.layers.push_back(piece.windows);
  }
  const TaskText own{parts->task ? *parts->task : std::string_view{}, "task"};
  if (task == nullptr && parts->task) task = &own;
  return load_parts(*parts->policy, file, sources, &recorded, task);
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
