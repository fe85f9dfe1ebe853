// The tools of one server as this session knows them: complete, compared, and refreshed.
//
// The door reads the whole list itself after every start and before the first call (threats S10),
// and again when the server says that it changed. What a client sees of it, and what it may call,
// are both answered from here, and from nothing else: no client's `tools/list` reaches the server,
// which could describe to it other tools than those that were compared. A glob grants what was
// known when it was first used: a tool that a known server adds later is not granted by it until a
// person accepts it (rule 13).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "doors/mcp/protocol/outgoing.h"
#include "doors/mcp/protocol/reply.h"
#include "io/pins/lock.h"
#include "kernel/definition/definition.h"
#include "model/facts.h"

namespace pawl {

class Gate;
class Policy;
}  // namespace pawl

namespace pawl::mcp {

inline constexpr std::size_t list_pages_max = 1000;
inline constexpr std::size_t tools_max = 20'000;
// The name under which a server's instructions are pinned, beside its tools.
inline constexpr std::string_view instructions_name = "mcp:instructions";

struct CatalogEntry {
  std::shared_ptr<const ToolDefinition> definition;
  PinState pin = PinState::unknown_tool;
  std::shared_ptr<const Mirrored> mirrored = nullptr;  // null: it wants no argument in a header
};

class ToolCatalog {
 public:
  ToolCatalog(Gate& gate, std::string run, std::string server, const Policy& policy,
              const Lock& lock);

  // Starts a new reading; what was known stays in force until `finish`.
  void begin() { incoming_ = {}; }
  // One page of tools/list. False where the server offers more than we hold.
  bool add_page(json::View result);
  // The reading is complete: names are compared, definitions pinned.
  void finish();
  // Nothing is known for certain until the next `finish`: it may be another program by now.
  void forget() { read_ = false; }
  // Whether the last `finish` found something else than the one before.
  bool differs() const { return differs_; }
  // From now on the server is a known one: what it offers for the first time is new. Before, and
  // only where no earlier session met it, its first uses are recorded as they come.
  void met() { met_ = true; }
  // A server's instructions, as they came with initialize. False: they are not accepted, and no
  // tool of this server is callable until they are.
  bool instructions(std::string_view text, bool production);

  // A tool by its exact name. Unknown names have PinState::unknown_tool.
  const CatalogEntry& find(std::string_view name) const;
  std::size_t size() const { return tools_.size(); }
  // What the last reading left out because it cannot be read: `NAME: reason`.
  const std::vector<std::string>& left_out() const { return left_out_; }
  bool read() const { return read_; }
  // The role is watched and not stopped: the client also sees what is not granted.
  bool watched() const;
  // People let this run use the tool for a while.
  bool lent(std::string_view name) const;
  // Those that may be called as far as their definitions go, in the order of the alphabet.
  std::vector<std::string> names() const;
  // All that the server offered, in its order.
  const std::vector<std::string>& offered() const { return offered_; }
  // Where a client goes on with the list: a place among those offered, in this reading of them. An
  // empty cursor is the beginning. Nothing: it is none of ours, or they are others since.
  std::string cursor_at(std::size_t place) const;
  std::optional<std::size_t> place_of(std::string_view cursor) const;

 private:
  PinState pin(const ToolDefinition& tool);
  bool new_under_glob(std::string_view tool) const;

  Gate& gate_;
  std::string run_, server_;
  const Policy& policy_;
  const Lock& lock_;
  bool met_ = false;
  ToolsRead incoming_;
  std::unordered_map<std::string, CatalogEntry> tools_;
  std::vector<std::string> offered_, left_out_;
  std::uint64_t reading_ = 0;  // counts those that differed
  bool instructions_changed_ = false;
  bool read_ = false, differs_ = false;
};

// One page of tools/list: of what the server offered when its list was last read and compared, from
// the place `from` on, what may be called. Written from the definitions that were compared,
// whatever the server says of them meanwhile. Pages are cut where clients would choke on them.
struct ToolsPage {
  std::string text;
  bool reserved = false;  // a definition has members of `_meta` that only pawl may write
};
inline constexpr std::size_t tools_of_a_page_max = 1000;
inline constexpr std::size_t tools_page_bytes = 4UL << 20;
ToolsPage tools_page(const Shown& to, const ToolCatalog& catalog, std::size_t from);

}  // namespace pawl::mcp
