// Finding a tool's entry and a blocked name: on the path of every call.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"
#include "base/text_key.h"
#include "kernel/policy/models.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

constexpr std::size_t key_bytes_max = 2 * name_bytes_max + 1;

// `server/tool` without an allocation; empty where it is longer than any name of a policy.
class Joined {
 public:
  Joined(std::string_view server, std::string_view tool) {
    if (server.size() + 1 + tool.size() > key_bytes_max) return;
    std::memcpy(bytes_.data(), server.data(), server.size());
    bytes_[server.size()] = '/';
    std::memcpy(bytes_.data() + server.size() + 1, tool.data(), tool.size());
    size_ = server.size() + 1 + tool.size();
  }
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, key_bytes_max> bytes_;
  std::size_t size_ = 0;
};

// The folded form of a name: ASCII on the stack, everything else by the long way.
class Folded {
 public:
  explicit Folded(std::string_view name) {
    if (name.size() > bytes_.size()) {
      take(name);
      return;
    }
    unsigned char all = 0;
    bool slash = false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      const auto byte = static_cast<unsigned char>(name[i]);
      all |= byte;
      slash |= byte == '/';
      const bool upper = byte >= 'A' && byte <= 'Z';
      bytes_[i] = static_cast<char>(upper ? byte | 0x20U : byte);
    }
    if (all >= 0x80) {
      take(name);
    } else {
      text_ = {bytes_.data(), name.size()};
      slash_ = slash;
    }
  }
  Folded(const Folded&) = delete;
  Folded& operator=(const Folded&) = delete;
  std::string_view text() const { return text_; }
  bool has_slash() const { return slash_; }

 private:
  void take(std::string_view name) {
    long_ = fold(name);
    text_ = long_;
    slash_ = text_.find('/') != std::string_view::npos;
  }
  std::array<char, key_bytes_max> bytes_;
  bool slash_ = false;
  std::string long_;
  std::string_view text_;
};

// The key of a short ASCII name after folding; nothing for every other name, and for one with a
// slash, which may hold the name of a server.
class FoldedKey {
 public:
  explicit FoldedKey(std::string_view name) {
    if (name.size() > TextKey::exact_bytes_max) return;
    key_ = TextKey::of(name);
    if (((key_.head | key_.tail) & high) != 0) return;
    plain_ = !(holds_slash(key_.head) || holds_slash(key_.tail));
    key_.head = lower(key_.head);
    key_.tail = lower(key_.tail);
  }
  bool plain() const { return plain_; }
  const TextKey& key() const { return key_; }

 private:
  static constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  static constexpr std::uint64_t high = 0x80 * ones;

  // For bytes below 0x80, in all eight at a time.
  static bool holds_slash(std::uint64_t word) {
    const std::uint64_t slashes = word ^ '/' * ones;
    return ((slashes - ones) & ~slashes & high) != 0;
  }
  static std::uint64_t lower(std::uint64_t word) {
    const std::uint64_t from_a = word + (0x80 - 'A') * ones;
    const std::uint64_t behind_z = word + (0x7F - 'Z') * ones;
    return word | ((from_a & ~behind_z & high) >> 2);
  }

  TextKey key_;
  bool plain_ = false;
};

// What lines of `may_request` lend, the names with a server first.
template <class Lent>
void index_lines(const std::vector<Askable>& lines, std::vector<Lent>& into) {
  std::vector<Lent> anywhere;
  for (std::uint32_t line = 0; line < lines.size(); ++line) {
    for (std::uint32_t entry = 0; entry < lines[line].lent.size(); ++entry) {
      for (const std::string& name : lines[line].lent[entry].names) {
        auto pattern = parse_name(name);
        if (!pattern) continue;
        std::vector<Lent>& among = pattern->any_server ? anywhere : into;
        among.push_back({std::move(*pattern), line, entry});
      }
    }
  }
  into.insert(into.end(), anywhere.begin(), anywhere.end());
}

// All patterns that match one name contain one another, so the number of wider ones orders them.
template <class Glob>
void sort_specific_first(std::vector<Glob>& globs) {
  std::vector<std::pair<std::size_t, std::size_t>> depths;
  for (std::size_t i = 0; i < globs.size(); ++i) {
    std::size_t wider = 0;
    for (const Glob& other : globs) wider += other.pattern.contains(globs[i].pattern) ? 1U : 0U;
    depths.emplace_back(wider, i);
  }
  std::ranges::sort(depths, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<Glob> ordered;
  for (const auto& [depth, i] : depths) ordered.push_back(std::move(globs[i]));
  globs = std::move(ordered);
}

}  // namespace

void Policy::index() {
  std::vector<Glob> names;
  for (std::uint32_t i = 0; i < tools.size(); ++i) {
    for (const std::string& name : tools[i].names) {
      if (auto pattern = parse_name(name)) names.push_back({std::move(*pattern), i});
    }
  }
  std::vector<Glob> globs;
  for (const Glob& name : names) {
    if (name.pattern.glob()) globs.push_back(name);
  }
  for (Glob& name : names) {
    if (name.pattern.glob()) continue;
    if (!name.pattern.any_server) {
      qualified_.add(name.pattern.text(), name.position);
      continue;
    }
    // A glob of servers with the same tool (`crm*/read`) is more specific than `read`.
    const bool narrower = std::ranges::any_of(
        globs, [&](const Glob& glob) { return name.pattern.contains(glob.pattern); });
    if (narrower) {
      globs_.push_back(std::move(name));
    } else {
      exact_.add(name.pattern.tool.text(), name.position);
    }
  }
  globs_.insert(globs_.end(), globs.begin(), globs.end());
  sort_specific_first(globs_);
  for (std::uint32_t i = 0; i < models.size(); ++i) {
    for (const std::string& name : models[i].names) {
      if (auto pattern = parse_name(name)) models_.push_back({std::move(*pattern), i});
    }
  }
  sort_specific_first(models_);

  index_lines(askable, lent_);
  for (std::uint32_t i = 0; i < blocked.size(); ++i) {
    auto pattern = parse_name(blocked[i].folded);
    if (!pattern) continue;
    if (pattern->glob()) {
      blocked_globs_.push_back({std::move(*pattern), i});
    } else if (pattern->any_server) {
      blocked_.add(pattern->tool.text(), i);
    } else {
      blocked_qualified_.add(pattern->text(), i);
      blocked_anywhere_.add(pattern->tool.text(), i);
    }
  }
}

const ToolRule* Policy::find_model(std::string_view server, std::string_view name) const {
  for (const Glob& glob : models_) {
    if (glob.pattern.grants(server, name)) return &models[glob.position];
  }
  return nullptr;
}

const ToolRule* Policy::find(std::string_view server, std::string_view tool) const {
  if (is_model_server(server)) return find_model(server, tool);
  if (!server.empty() && !qualified_.empty()) {
    const Joined key(server, tool);
    if (const auto found = qualified_.find(key.text())) return &tools[*found];
  }
  if (const auto found = exact_.find(tool)) return &tools[*found];
  for (const Glob& glob : globs_) {
    if (glob.pattern.grants(server, tool)) return &tools[glob.position];
  }
  return nullptr;
}

const BlockedName* Policy::blocks(std::string_view server, std::string_view tool) const {
  if (blocked.empty()) return nullptr;
  if (blocked_qualified_.empty() && blocked_globs_.empty()) {
    const FoldedKey quick(tool);
    if (quick.plain()) {
      const auto found = blocked_.find_short(quick.key());
      return found ? &blocked[*found] : nullptr;
    }
  }
  const Folded name(tool);
  if (const auto found = blocked_.find(name.text())) return &blocked[*found];
  // A tool that was sent with its server in the name is the same tool.
  if (name.has_slash() && !name.text().starts_with(reserved_prefix)) {
    const std::size_t slash = name.text().rfind('/');
    const std::string_view server_part = name.text().substr(0, slash);
    if (const BlockedName* found = blocks(server_part, name.text().substr(slash + 1))) return found;
  }
  if (blocked_qualified_.empty() && blocked_globs_.empty()) return nullptr;
  const Folded on(server);
  if (on.text().empty()) {
    if (const auto found = blocked_anywhere_.find(name.text())) return &blocked[*found];
  } else {
    const Joined key(on.text(), name.text());
    if (const auto found = blocked_qualified_.find(key.text())) return &blocked[*found];
  }
  for (const Glob& glob : blocked_globs_) {
    if (glob.pattern.blocks(on.text(), name.text())) return &blocked[glob.position];
  }
  return nullptr;
}

Stage Policy::stage_of(const ToolRule& tool) const {
  const Stage otherwise = default_stage.value_or(Stage::established);
  if (stages.empty()) return otherwise;
  // An entry with several names is as trusted as the least trusted of them.
  std::optional<Stage> lowest;
  for (const std::string& name : tool.names) {
    auto found = stages.find(name);
    // A second name, made for the defaults of a server, is trusted as the one in the file is.
    if (found == stages.end()) found = stages.find(name.substr(name.find('/') + 1));
    const Stage stage = found == stages.end() ? otherwise : found->second;
    lowest = lowest ? std::min(*lowest, stage) : stage;
  }
  return lowest.value_or(otherwise);
}

const AcceptedRisk* Policy::accepted(std::string_view path, Instant now) const {
  for (const AcceptedRisk& risk : risks) {
    if (risk.path == path && now < risk.until) return &risk;
  }
  return nullptr;
}

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::fresh:
      return "new";
    case Stage::established:
      return "established";
    case Stage::mature:
      return "mature";
  }
  return "new";
}

}  // namespace pawl
