// The tool server of the end-to-end benchmark: two tools that answer at once, in native code, so
// that what is measured is what stands before it.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace {

std::string tools() {
  const std::string schema = R"({"type":"object","properties":{"key":{"type":"string"},)"
                             R"("filler":{"type":"string"}}})";
  return R"({"tools":[{"name":"read_thing","inputSchema":)" + schema +
         R"(},{"name":"update_thing","inputSchema":)" + schema + "}]}";
}

constexpr std::string_view kHello =
    R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{}},)"
    R"("serverInfo":{"name":"echo","version":"1"}})";
constexpr std::string_view kAnswer = R"({"content":[{"type":"text","text":"done"}]})";

// The value behind `"id":` of a request that our own programs wrote.
std::string_view id_of(std::string_view line) {
  const std::size_t at = line.find("\"id\":");
  if (at == std::string_view::npos) return {};
  const std::size_t end = line.find_first_of(",}", at);
  return line.substr(at + 5, end - at - 5);
}

std::string_view answer_to(std::string_view line) {
  static const std::string offered = tools();
  if (line.find("\"tools/call\"") != std::string_view::npos) return kAnswer;
  if (line.find("\"tools/list\"") != std::string_view::npos) return offered;
  return kHello;
}

}  // namespace

int main() {
  std::string buffer;
  std::string out;
  char chunk[65536];
  ssize_t count = 0;
  while ((count = ::read(0, chunk, sizeof chunk)) > 0) {
    buffer.append(chunk, static_cast<std::size_t>(count));
    std::size_t start = 0;
    for (std::size_t end = buffer.find('\n'); end != std::string::npos;
         end = buffer.find('\n', start)) {
      const std::string_view line(buffer.data() + start, end - start);
      const std::string_view id = id_of(line);
      if (!id.empty()) {
        out.append(R"({"jsonrpc":"2.0","id":)").append(id).append(R"(,"result":)");
        out.append(answer_to(line)).append("}\n");
      }
      start = end + 1;
    }
    buffer.erase(0, start);
    for (std::size_t done = 0; done < out.size();) {
      const ssize_t written = ::write(1, out.data() + done, out.size() - done);
      if (written <= 0) return 1;
      done += static_cast<std::size_t>(written);
    }
    out.clear();
  }
  return 0;
}
