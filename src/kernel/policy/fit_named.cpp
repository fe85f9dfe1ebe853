// Arguments that an entry names besides its rules: what says the environment and the credential of
// a call, and what reviewers type.
#include <fmt/format.h>

#include "base/text.h"
#include "kernel/policy/commands.h"
#include "kernel/policy/fit.h"

namespace pawl {
namespace {

class Named {
 public:
  Named(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound)
      : entry_(entry), tool_(tool), bound_(bound) {}

  void fit() {
    if (entry_.environment_by != nullptr) {
      look(entry_.environment_by->argument, entry_.environment_by->rule, "environment");
    }
    if (entry_.credential_by != nullptr) {
      look(entry_.credential_by->argument, entry_.credential_by->rule, "credential");
    }
    type(entry_.approval.typed);
    type(entry_.cases);
    if (entry_.commands == nullptr) return;
    for (const CommandRow& row : entry_.commands->rows) {
      type(row.approval.typed);
      type(row.cases);
    }
  }

 private:
  void misfit(const Rule& rule, std::string message) {
    bound_.misfits.push_back({ErrorKind::invalid, std::move(message), rule.at});
  }

  std::string tool() const {
    return escape_untrusted(tool_.server.empty() ? tool_.name : tool_.server + "/" + tool_.name);
  }

  void look(const ArgumentPath& path, const Rule& rule, std::string_view what) {
    if (reach(tool_.arguments, path).missing.empty()) return;
    misfit(rule, fmt::format("`{}` has no argument `{}`, which would name the {} of a call", tool(),
                             escape_untrusted(to_string(path)), what));
  }

  void type(const Cases& cases) {
    for (const Case& one : cases.list) type(one.approval.typed);
  }

  void type(const std::optional<TypedText>& typed) {
    const auto path = typed ? parse_argument_path(typed->argument) : ArgumentPath();
    if (!path || path->empty()) return;
    const std::string argument = escape_untrusted(typed->argument);
    const Reached reached = reach(tool_.arguments, *path);
    if (!reached.missing.empty()) {
      misfit(typed->rule, fmt::format("`{}` has no argument `{}`, which a reviewer would type",
                                      tool(), argument));
      return;
    }
    const ValueType kind = reached.shape == nullptr ? ValueType::any : reached.shape->type;
    if (kind == ValueType::any || kind == ValueType::string || kind == ValueType::integer ||
        kind == ValueType::number) {
      return;
    }
    misfit(typed->rule, fmt::format("nobody can type `{}` of `{}`, which is of type {}", argument,
                                    tool(), to_string(kind)));
  }

  const ToolRule& entry_;
  const ToolDefinition& tool_;
  BoundTool& bound_;
};

}  // namespace

void fit_named(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound) {
  Named(entry, tool, bound).fit();
}

}  // namespace pawl
