// Packs: what is known of tools of well known servers and agents, as data.
//
// A pack describes and never grants: the class of a tool, for a tool of several effects the class
// by one argument, other names of the same tool, optional arguments whose absence means more, and
// whether others wrote what comes back. Each line names its source. A policy names the packs that
// it relies on (`use: [pawl:github@1]`); their bytes are part of its bundle.
//
// A class out of a pack joins the knowledge base: the more dangerous reading wins, and only a tool
// that the knowledge base cannot place by its name is placed by the pack alone. What a pack says of
// a call counts only where an entry says `class: by_call`.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "kernel/classify/classify.h"
#include "kernel/definition/definition.h"
#include "model/class.h"

namespace pawl {

inline constexpr std::string_view pack_prefix = "pawl:";
inline constexpr std::size_t pack_bytes_max = 1UL << 20;

// How the deciding argument is read.
enum class PackReads : std::uint8_t {
  value,    // text, `true` or `false`, a whole number: as it is
  aws_cli,  // `aws SERVICE OPERATION …`, as `SERVICE/OPERATION`
};

struct PackTool {
  std::string name;               // canonical
  std::vector<std::string> also;  // the same tool under other names
  Class otherwise =
      kMostDangerous;  // its class; with `by`: of every value that `calls` does not name
  std::string by;      // the argument that decides; empty: none
  PackReads reads = PackReads::value;
  std::map<std::string, Class, std::less<>> calls;
  std::optional<Class> absent;  // where the argument is not there
  struct Widening {
    std::string argument, says;
  };
  std::vector<Widening> widens;  // optional arguments whose absence means more
  bool untrusted = false;        // others wrote what comes back
  std::string source;

  // The most dangerous class that a call of it may have.
  Class worst() const;
  // The class of one call.
  Class of_call(json::View arguments) const;
};

struct PackTrial {
  std::string tool, arguments;  // JSON
  Class expected = kMostDangerous;
  Position at;
};

struct Pack {
  std::string name;  // `github`
  std::int64_t version = 1;
  std::string about;
  std::map<std::string, std::string, std::less<>> sources;
  std::vector<PackTool> tools;
  std::vector<PackTrial> trials;
  std::string text;  // the bytes it was read from
  Digest digest{};   // of them

  // `pawl:github@1`
  std::string spelled_name() const;
  // By its name or another one of it; null where the pack does not know it.
  const PackTool* find(std::string_view tool) const;

  void index();

 private:
  std::map<std::string, std::size_t, std::less<>> names_;
};

struct LoadedPack {
  std::shared_ptr<const Pack> pack;  // null where errors is not empty
  std::vector<Error> errors;
};
LoadedPack read_pack(std::string_view text, std::string_view file);

// `pawl:NAME@VERSION`.
struct PackName {
  std::string name;
  std::int64_t version = 1;
};
Result<PackName> parse_pack_name(std::string_view written);

using Packs = std::vector<std::shared_ptr<const Pack>>;

// What the packs say of a tool, one by one; null entries are never in it.
std::vector<const PackTool*> described(const Packs& packs, std::string_view tool);

// The most dangerous reading of the definition and of the packs.
Placement classify(const ToolDefinition& tool, const Packs& packs);
Placement classify_name(std::string_view tool_name, const Packs& packs);

// The service and the operation of a command line of the AWS CLI, `ec2/describe-instances`; nothing
// where the line is not plainly one command that does nothing else.
std::optional<std::string> aws_operation(std::string_view line);

}  // namespace pawl
