// What the tool servers of the end-to-end benchmarks say: two tools that answer at once.
#pragma once

#include <string>
#include <string_view>

namespace echo {

inline std::string tools() {
  const std::string schema = R"({"type":"object","properties":{"key":{"type":"string"},)"
                             R"("filler":{"type":"string"}}})";
  return R"({"tools":[{"name":"read_thing","inputSchema":)" + schema +
         R"(},{"name":"update_thing","inputSchema":)" + schema + "}]}";
}

inline constexpr std::string_view kHello =
    R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},)"
    R"("serverInfo":{"name":"echo","version":"1"}})";
inline constexpr std::string_view kAnswer = R"({"content":[{"type":"text","text":"done"}]})";

// The value behind `"id":` of a request that our own programs wrote.
inline std::string_view id_of(std::string_view line) {
  const std::size_t at = line.find("\"id\":");
  if (at == std::string_view::npos) return {};
  const std::size_t end = line.find_first_of(",}", at);
  return line.substr(at + 5, end - at - 5);
}

inline std::string_view answer_to(std::string_view line) {
  static const std::string offered = tools();
  if (line.find("\"tools/call\"") != std::string_view::npos) return kAnswer;
  if (line.find("\"tools/list\"") != std::string_view::npos) return offered;
  return kHello;
}

// The whole answer to a request, appended; nothing for what asks for none.
inline void answer(std::string_view message, std::string& out) {
  const std::string_view id = id_of(message);
  if (id.empty()) return;
  out.append(R"({"jsonrpc":"2.0","id":)").append(id).append(R"(,"result":)");
  out.append(answer_to(message)).append("}");
}

}  // namespace echo
