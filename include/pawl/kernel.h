// pawl's kernel in another program: load a policy, propose calls, get decisions.
//
//   auto kernel = pawl::Kernel::load(text, "policy.yaml");
//   if (!kernel) { for (const std::string& mistake : kernel.error()) … }
//   const pawl::Decision d = kernel->decide({.run = "r1", .tool = "read_order", .arguments =
//   "{}"}); if (d.effect == pawl::Decision::Effect::allow) …
//
// Nothing here reads a clock, a file or the network: lists and time zones come from functions that
// you hand in, the time is a member of each proposal. State (steps, records, denials, halts) is
// kept in the object, by the same code that folds a node's journal, and lives as long as the
// object. An allowed call counts as executed; a hold and a denial cost their step. To wait for
// people, to keep a journal, or to stand in front of a server, run the `pawl` program instead.
//
// Link with the CMake target `pawl_app_library`; examples/embed is a whole program.
// Threads: one Kernel belongs to one thread at a time.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pawl {

class DecideStream;

// A tool call that an agent wants to make. Members with JSON hold one complete JSON text.
struct Proposal {
  std::string run{};     // which run pays for it
  std::string server{};  // empty where there is one only
  std::string tool{};
  std::string arguments = "{}";  // JSON object, exactly as it would be sent
  std::string schema{};          // JSON: the tool's inputSchema, where you know it
  std::string annotations{};     // JSON: the tool's annotations; they only raise its class
  std::string now{};             // RFC 3339; empty: as in the proposal before
};

struct Decision {
  enum class Effect : unsigned char { allow, hold, deny };

  Effect effect = Effect::deny;
  std::string code;          // `none` where it is allowed; else one of the table of codes
  std::string rule;          // path of the rule that decided; empty where no line did
  std::string reason;        // one sentence, with `file:line`
  std::string action_class;  // `reversible small` and so on; empty where nothing placed the tool
  std::string obligations;   // JSON: who has to answer, who is told, what is forwarded
};

// What a policy may refer to. Each function returns nothing where there is no such thing.
struct PolicySources {
  std::function<std::optional<std::string>(std::string_view path)> list_file;
  std::function<std::optional<std::string>(std::string_view name)> zone_file;  // TZif bytes
  std::vector<std::string> credentials;  // names that exist; their values are never needed
  // Layer files that every call has to pass too: names and texts. Their lists are asked for above.
  std::vector<std::pair<std::string, std::string>> layers;
};

class Kernel {
 public:
  // Every mistake of the file at once, each as `file:line:column: what is wrong`.
  static std::expected<Kernel, std::vector<std::string>> load(std::string_view policy,
                                                              std::string_view file_name,
                                                              const PolicySources& sources = {});
  Kernel(Kernel&&) noexcept;
  Kernel& operator=(Kernel&&) noexcept;
  ~Kernel();

  Decision decide(const Proposal& proposal);

  // The same as text: one line of `pawl decide --stream` in, one out
  // (docs/reference/decide.schema.json). It can also carry results and outcomes.
  std::string decide_line(std::string_view line);

 private:
  explicit Kernel(std::unique_ptr<DecideStream> stream);
  std::unique_ptr<DecideStream> stream_;
};

}  // namespace pawl
