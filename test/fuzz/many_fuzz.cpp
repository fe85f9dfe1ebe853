// What several servers say, as one answer: nothing that one of them writes is told as another's.
//
// The input is lines, each the result of a server (in the order of `servers`), then what a client
// sends: a cursor, a state, a template and a URI. Whatever they are, the merged answers are JSON,
// every name has the server before it that wrote it, and a cursor goes back to who gave it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "doors/mcp/multiplexer/merge.h"
#include "doors/mcp/multiplexer/names.h"
#include "doors/mcp/multiplexer/resource_owners.h"
#include "fuzz/must.h"

namespace {

using namespace pawl;       // NOLINT: a program of one page
using namespace pawl::mcp;  // NOLINT
using fuzz::must;

constexpr std::size_t many_bytes_max = 1UL << 14;
constexpr std::array<std::string_view, 3> servers = {"a", "b", "c"};

json::ParseLimits as_sessions_send() {
  json::ParseLimits limits;
  limits.duplicate_keys = json::DuplicateKeys::permit;
  return limits;
}

void check_page(const std::vector<Part>& parts) {
  const auto page = json::parse(merged_page("tools", true, parts), as_sessions_send());
  must(page.has_value(), "a merged page is not JSON");
  std::vector<std::string> offered;
  for (const Part& part : parts) {
    for (json::View tool : part.result["tools"].elements()) {
      const auto name = tool.text("name");
      if (name) offered.push_back(joined_name(part.server, *name));
    }
  }
  for (json::View tool : page->root()["tools"].elements()) {
    const auto name = tool.text("name");
    must(name.has_value(), "a listed tool has no name");
    const auto split = split_name(*name);
    must(!split || std::ranges::find(servers, split->server) != servers.end(),
         "a tool of a server that was not asked");
    must(std::ranges::find(offered, *name) != offered.end(), "a tool that no server offers");
  }
  const auto next = page->root().text("nextCursor");
  if (!next) return;
  const auto cursors = read_cursor(*next);
  must(cursors.has_value(), "our own cursor is not understood");
  for (const auto& [server, cursor] : *cursors) {
    for (const Part& part : parts) {
      if (part.server == server) {
        must(part.result.text("nextCursor") == cursor, "a cursor goes to another server");
      }
    }
  }
}

void check_hello(const std::vector<Part>& parts) {
  for (bool modern : {false, true}) {
    const auto hello = json::parse(merged_hello(parts, modern));
    must(hello.has_value(), "a merged greeting is not JSON");
    const std::string said(hello->root().text("instructions").value_or(""));
    std::size_t own = 0;
    for (std::string_view line : split(said, '\n')) {
      if (line.starts_with("> ") || line.empty()) continue;
      const bool ours = own++ == 0 || line == "Server `a` says:" || line == "Server `b` says:" ||
                        line == "Server `c` says:";
      must(ours, "a server speaks as pawl");
    }
    must(own <= 1 + servers.size(), "a server speaks as another one");
  }
}

void check_client(std::string_view text) {
  if (const auto cursors = read_cursor(text)) {
    must(read_cursor(cursor_text(*cursors)) == cursors, "a cursor changes on its way");
  }
  if (const auto state = read_state(text)) {
    must(state_of(state->server, state->state) == text, "a state changes on its way");
  }
  const auto params = json::parse(text);
  if (!params || !params->root().is_object()) return;
  const std::string out =
      replaced(text, params->root(), {{"name", R"("x")"}, {"gone", ""}, {"cursor", "1"}});
  const auto changed = json::parse(out);
  must(changed.has_value(), "params with a member replaced are no JSON");
  must(changed->root().text("name") == "x" && !changed->root()["gone"].exists(),
       "a member was not replaced");
  for (auto [key, value] : params->root().members()) {
    const std::string known = fold(key);
    if (known == "name" || key == "gone" || known == "cursor") continue;
    must(json::equal(value, changed->root()[key]), "another member was changed");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size > many_bytes_max) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::vector<json::Document> documents;
  documents.reserve(servers.size());
  std::vector<Part> parts;
  std::vector<std::string_view> lines = split(text, '\n');
  for (std::size_t i = 0; i < servers.size(); ++i) {
    auto parsed = json::parse(i < lines.size() ? lines[i] : "", as_sessions_send());
    documents.push_back(parsed ? std::move(*parsed) : json::Document());
    const json::View root = documents.back().root();
    parts.push_back({servers[i], root.is_object() ? root : json::View()});
  }
  check_page(parts);
  check_hello(parts);
  ResourceOwners owners(servers.size());
  for (std::size_t i = 0; i < servers.size(); ++i) {
    owners.resources(i, parts[i].result, true);
    owners.templates(i, parts[i].result, true);
  }
  for (std::size_t i = servers.size(); i < lines.size(); ++i) {
    check_client(lines[i]);
    (void)owners.of_uri(lines[i]);
    (void)from_template(lines[i], lines.back());
  }
  return 0;
}
