#include "doors/mcp/session/tool_catalog.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/response_filter.h"
#include "gate/gate.h"
#include "kernel/policy/access.h"
#include "kernel/redact/scope.h"

namespace pawl::mcp {
namespace {

constexpr std::string_view kCursor = "pawl-tools-";

// An impossible wish does not count here: a call that reaches the server with it fails.
std::shared_ptr<const Mirrored> mirrored_of(const ToolDefinition& tool) {
  if (tool.text.find("x-mcp-header") == std::string::npos) return nullptr;
  const auto document = json::parse(tool.text);
  if (!document) return nullptr;
  Mirrored mirrored = mirrored_by(document->root()["inputSchema"]);
  if (!mirrored.fault.empty() || mirrored.arguments.empty()) return nullptr;
  return std::make_shared<const Mirrored>(std::move(mirrored));
}

using Tools = std::unordered_map<std::string, CatalogEntry>;

bool same_tools(const Tools& before, const Tools& now) {
  return before.size() == now.size() && std::ranges::all_of(now, [&before](const auto& entry) {
           const auto known = before.find(entry.first);
           return known != before.end() && known->second.pin == entry.second.pin &&
                  known->second.definition->digest == entry.second.definition->digest;
         });
}

}  // namespace

ToolCatalog::ToolCatalog(Gate& gate, std::string run, std::string server, const Policy& policy,
                         const Lock& lock)
    : gate_(gate),
      run_(std::move(run)),
      server_(std::move(server)),
      policy_(policy),
      lock_(lock),
      met_(gate_.state().knows_tools_of(server_)) {}

bool ToolCatalog::watched() const {
  return gate_.policies.watched(run_);
}

bool ToolCatalog::lent(std::string_view name) const {
  return gate_.approvals.lent(run_, server_, name);
}

bool ToolCatalog::add_page(json::View result) {
  const json::View tools = result["tools"];
  if (incoming_.tools.size() + tools.size() > tools_max) return false;
  read_tools(tools, server_, incoming_);
  return true;
}

// Whether this tool was never seen of a server that was seen, and the policy does not name it.
bool ToolCatalog::new_under_glob(std::string_view tool) const {
  if (!met_ || tool == instructions_name || gate_.state().pin(server_, tool) != nullptr)
    return false;
  const ToolRule* entry = policy_.find(server_, tool);
  // What a server adds while its role is watched does not run unreviewed.
  if (entry == nullptr) return gate_.policies.watched(run_);
  return std::ranges::none_of(entry->names, [&](std::string_view name) {
    return name.substr(name.find('/') + 1) == tool;  // the first slash parts server and tool
  });
}

PinState ToolCatalog::pin(const ToolDefinition& tool) {
  if (tool.hidden_characters) return PinState::hidden;
  if (!lock_.present && new_under_glob(tool.name)) {
    // As under a lock that does not have it.
    return gate_.policies.pin(run_, tool, true, {});
  }
  return gate_.policies.pin(run_, tool, lock_.present, lock_.find(server_, tool.name));
}

void ToolCatalog::finish() {
  std::vector<ToolDefinition>& incoming = incoming_.tools;
  const std::vector<std::string> refused = refused_names(incoming);
  std::unordered_map<std::string, CatalogEntry> tools;
  std::vector<std::string> offered;
  for (std::size_t i = 0; i < incoming.size(); ++i) {
    auto definition = std::make_shared<const ToolDefinition>(std::move(incoming[i]));
    const auto known = tools_.find(definition->name);
    // The same definition as before keeps its object: what is bound to it stays bound.
    if (known != tools_.end() && known->second.definition &&
        known->second.definition->digest == definition->digest) {
      definition = known->second.definition;
    }
    const PinState state = refused[i].empty() ? pin(*definition) : PinState::ambiguous;
    if (!refused[i].empty()) {
      (void)gate_.alerts.note(run_, "tool refused", definition->name + ": " + refused[i]);
    }
    auto mirrored = mirrored_of(*definition);
    const std::string name = definition->name;
    if (!tools.contains(name)) offered.push_back(name);
    tools.insert_or_assign(name, CatalogEntry{std::move(definition), state, std::move(mirrored)});
  }
  left_out_ = std::move(incoming_.left_out);
  incoming_ = {};
  if (instructions_changed_) {
    for (auto& [name, listed] : tools) listed.pin = PinState::changed;
  }
  differs_ = !same_tools(tools_, tools) || offered != offered_;
  if (differs_) ++reading_;
  tools_ = std::move(tools);
  offered_ = std::move(offered);
  read_ = true;
}

bool ToolCatalog::instructions(std::string_view text, bool production) {
  instructions_changed_ = false;
  if (text.empty()) return true;
  ToolDefinition pinned;
  pinned.server = server_;
  pinned.name = std::string(instructions_name);
  pinned.description = std::string(text);
  json::write_string(text, pinned.text);
  pinned.digest = sha256(pinned.text);
  pinned.hidden_characters = hides_characters(text);
  const PinState state = pin(pinned);
  const bool fine = state == PinState::accepted || (state == PinState::first_use && !production);
  instructions_changed_ = state == PinState::changed || state == PinState::hidden;
  return fine;
}

std::vector<std::string> ToolCatalog::names() const {
  std::vector<std::string> names;
  for (const auto& [name, listed] : tools_) {
    const bool known = listed.pin == PinState::accepted || listed.pin == PinState::first_use;
    if (known) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::string ToolCatalog::cursor_at(std::size_t place) const {
  return fmt::format("{}{}-{}", kCursor, reading_, place);
}

std::optional<std::size_t> ToolCatalog::place_of(std::string_view cursor) const {
  if (cursor.empty()) return 0;
  const std::size_t dash = cursor.rfind('-');
  std::size_t place = 0;
  if (dash == std::string_view::npos) return std::nullopt;
  const auto [end, error] =
      std::from_chars(cursor.data() + dash + 1, cursor.data() + cursor.size(), place);
  const bool number = error == std::errc{} && end == cursor.data() + cursor.size();
  // As it was written, and in no other spelling.
  if (!number || place >= offered_.size() || cursor != cursor_at(place)) return std::nullopt;
  return place;
}

const CatalogEntry& ToolCatalog::find(std::string_view name) const {
  static const CatalogEntry unknown{};
  const auto found = read_ ? tools_.find(std::string(name)) : tools_.end();
  return found == tools_.end() ? unknown : found->second;
}

namespace {

bool visible_pin(PinState pin) {
  return pin == PinState::accepted || pin == PinState::first_use;
}

// A tool as the client sees it: as it was compared, or with the output schema of its scope.
void write_tool(json::View tool, const ToolRule* entry, json::Writer& out) {
  const json::View schema = tool["outputSchema"];
  if (entry == nullptr || !entry->scope || !schema.exists()) return write_element(tool, out);
  json::Writer own;
  own.object();
  for (auto [key, value] : tool.members()) {
    own.key(key);
    if (key == "outputSchema") {
      own.raw(project_output_schema(*entry->scope, schema));
    } else {
      own.value(value);
    }
  }
  own.end();
  const auto projected = json::parse(own.text(), as_it_came);
  if (projected) write_element(projected->root(), out);
}

// The text of the definition, without what only pawl may write.
Result<json::Document> clean_definition(const ToolDefinition& tool, bool& reserved) {
  const std::string clean = without_reserved(tool.text);
  reserved = reserved || !clean.empty();
  return json::parse(clean.empty() ? tool.text : clean, as_it_came);
}

std::string own_tool(const Shown& to, const ToolCatalog& catalog) {
  std::vector<std::string> names = catalog.names();
  if (to.part != nullptr) {
    std::erase_if(names,
                  [&to](const std::string& one) { return !to.part->covers(to.server, one); });
  }
  return access_tool(to.policy, to.server, names);
}

}  // namespace

ToolsPage tools_page(const Shown& to, const ToolCatalog& catalog, std::size_t from) {
  ToolsPage page;
  const std::vector<std::string>& offered = catalog.offered();
  const bool all = catalog.watched();
  std::size_t at = from;
  std::size_t shown = 0;
  std::size_t watched = 0;  // what is not granted and is shown all the same
  json::Writer out;
  out.object().key("tools").array();
  for (; at < offered.size() && at - from < tools_of_a_page_max; ++at) {
    if (out.text().size() > tools_page_bytes) break;
    const std::string& name = offered[at];
    const CatalogEntry& listed = catalog.find(name);
    const ToolRule* entry = to.policy.find(to.server, name);
    const bool lent = entry == nullptr && catalog.lent(name);
    if (entry == nullptr && !all && !lent) continue;
    if (to.policy.blocks(to.server, name) != nullptr) continue;
    if (to.part != nullptr && !to.part->covers(to.server, name)) continue;
    if (!visible_pin(listed.pin)) continue;
    const auto definition = clean_definition(*listed.definition, page.reserved);
    if (!definition) continue;
    ++(entry != nullptr || lent ? shown : watched);
    write_tool(definition->root(), entry, out);
  }
  const bool last = at == offered.size();
  if (const std::string own = last ? own_tool(to, catalog) : std::string(); !own.empty()) {
    out.raw(own);
  }
  out.end();
  if (!last) out.key("nextCursor").string(catalog.cursor_at(at));
  if (shown != at - from) {
    out.key("_meta").object().key("pawl/list").object();
    out.key("granted").natural(shown).key("offered").natural(at - from);
    if (watched > 0) out.key("watched").natural(watched);
    out.end().end();
  }
  out.end();
  page.text = out.take();
  return page;
}

}  // namespace pawl::mcp
