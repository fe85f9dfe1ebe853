// The walk over the tree.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "lang/shell/analyser.h"

namespace pawl::shell {
std::string_view base_name(std::string_view program) {
  const std::size_t slash = program.rfind('/');
  return slash == std::string_view::npos ? program : program.substr(slash + 1);
}

std::string_view to_string(Effect effect) {
  switch (effect) {
    case Effect::runs:
      return "runs what it is told";
    case Effect::writes:
      return "writes files";
    case Effect::elsewhere:
      return "works in another directory";
  }
  return "";
}

void Analyser::trouble(std::uint32_t at, std::string_view why) {
  constexpr std::size_t troubles_max = 8;
  if (out_.troubles.size() < troubles_max) {
    out_.troubles.push_back({in_script_ ? script_at_ : at, std::string(why)});
  }
}

void Analyser::walk(const Line& line) {
  for (const Trouble& found : line.troubles) trouble(found.at, found.why);
  if (line.list.nodes.empty() && line.troubles.empty()) trouble(0, "there is no command");
  walk(line.list, Context{});
}

void Analyser::walk(const List& list, Context context) {
  for (const Node& node : list.nodes) {
    Context own = context;
    own.background = own.background || node.background;
    own.conditional = own.conditional || node.depends;
    walk(node, own);
  }
}

void Analyser::walk_pipeline(const Node& node, const Context& context) {
  constexpr Stream pipe{Stream::Leads::nothing, 0, nullptr};
  const Streams before = streams_;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const bool first = i == 0;
    const bool last = i + 1 == node.children.size();
    Context own = context;
    own.piped_in = own.piped_in || !first;
    own.piped_out = own.piped_out || !last;
    if (!first) streams_.set(0, pipe);
    if (!last) streams_.set(1, pipe);
    walk(node.children[i], own);
    streams_ = before;
  }
}

void Analyser::walk(const Node& node, const Context& context) {
  if (out_.commands.size() >= limits_.commands_max) {
    return trouble(node.at, "too many commands");
  }
  // What is redirected is so for this node and all inside of it.
  const Streams before = streams_;
  walk_node(node, context);
  streams_ = before;
}

void Analyser::walk_node(const Node& node, Context context) {
  switch (node.kind) {
    case NodeKind::simple:
      return walk_simple(node, context);
    case NodeKind::pipeline:
      return walk_pipeline(node, context);
    case NodeKind::test:
      walk_test(node, context);
      break;
    case NodeKind::each:
      set_variable(node.name, false, node.at);
      out_.settings.push_back({node.name, Argument{"", Known::one, false, node.at}});
      context.repeated = true;
      break;
    case NodeKind::loop:
      context.repeated = true;
      break;
    case NodeKind::counted:
      context.repeated = true;
      break;
    case NodeKind::conditional:
    case NodeKind::choice:
    case NodeKind::function:
      context.conditional = true;
      break;
    case NodeKind::subshell:
    case NodeKind::group:
    case NodeKind::arithmetic:
      break;
  }
  // A compound command is redirected before its words are expanded.
  redirections(node, context, nullptr);
  for (const std::string& expression : node.expressions) arithmetic(expression, node.at);
  for (const Word& word : node.words) substitutions(word, context);
  for (const List& list : node.lists) walk(list, context);
  for (const Node& child : node.children) walk(child, context);
}

// Everything that runs while the word is expanded.
void Analyser::substitutions(const Word& word, const Context& context) {
  Context inside = context;
  inside.substituted = true;
  for (const Part& part : word.parts) {
    if (part.kind == PartKind::arithmetic) arithmetic(part.text, part.at);
    if (part.assigns) {
      set_variable(part.text, false, part.at);
      out_.settings.push_back({part.text, Argument{"", Known::one, false, part.at}});
    }
    for (const Word& operand : part.words) substitutions(operand, context);
    if (!part.list) continue;
    const Streams before = streams_;
    if (part.kind == PartKind::command) streams_.set(1, {Stream::Leads::nothing, 0, nullptr});
    walk(*part.list, inside);
    streams_ = before;
  }
}

void Analyser::assign(const Assignment& assignment, bool stays, const Context& context) {
  bool numeric = !assignment.array && !assignment.value.empty();
  for (const Word& word : assignment.value) {
    substitutions(word, context);
    numeric = numeric && number(word);
  }
  set_variable(assignment.name, numeric && stays, assignment.at);
  if (!stays) return;
  Argument value = assignment.value.size() == 1 ? reduce(assignment.value[0]) : Argument{};
  if (assignment.append || assignment.array) value.known = Known::one;
  out_.settings.push_back({assignment.name, std::move(value)});
}

void Analyser::walk_simple(const Node& node, Context context) {
  const bool stays = node.words.empty();
  Command command;
  command.context = context;
  command.at = in_script_ ? script_at_ : node.at;
  command.end = in_script_ ? script_at_ : node.end;
  command.behind = behind_;
  // Shells do not agree whether `x=$(…)` runs before or behind the redirections.
  const bool was_unsure = streams_unsure_;
  streams_unsure_ = was_unsure || !node.redirects.empty();
  for (const Assignment& assignment : node.assignments) {
    assign(assignment, stays, context);
    if (stays) continue;
    Argument value = assignment.value.size() == 1 ? reduce(assignment.value[0]) : Argument{};
    if (assignment.append || assignment.array) value.known = Known::one;
    command.settings.push_back({assignment.name, std::move(value)});
  }
  streams_unsure_ = was_unsure;
  for (const Word& word : node.words) substitutions(word, context);
  redirections(node, context, &command);
  if (node.words.empty()) {
    command.standing = Standing::silent;
    if (!command.redirections.empty()) out_.commands.push_back(std::move(command));
    return;
  }
  const Argument program = reduce(node.words[0]);
  if (!program.literal()) return trouble(node.at, "which program runs is not known before it runs");
  command.program = program.text;
  command.arguments.reserve(node.words.size() - 1);
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    command.arguments.push_back(reduce(node.words[i]));
  }
  add(std::move(command), true);
}

// [[ ]]: `-v` evaluates a subscript, and numbers are compared after evaluating both sides.
void Analyser::walk_test(const Node& node, const Context&) {
  constexpr auto compares =
      std::to_array<std::string_view>({"-eq", "-ne", "-lt", "-le", "-gt", "-ge"});
  for (std::size_t i = 0; i < node.words.size(); ++i) {
    const std::string* text = node.words[i].literal();
    if (text == nullptr) continue;
    if (*text == "-v" || *text == "-R") {
      trouble(node.words[i].at, "a subscript is evaluated as arithmetic");
    }
    if (std::ranges::find(compares, *text) == compares.end()) continue;
    const bool fine = i > 0 && i + 1 < node.words.size();
    for (const std::size_t side : {i - 1, i + 1}) {
      if (!fine || number(node.words[side])) continue;
      const auto& parts = node.words[side].parts;
      if (parts.size() == 1 && parts[0].kind == PartKind::parameter && parts[0].words.empty()) {
        use_number(parts[0].text, node.words[side].at);
      } else {
        trouble(node.words[side].at, "a comparison of numbers evaluates its sides as arithmetic");
      }
    }
    if (!fine) trouble(node.words[i].at, "a comparison of numbers without two sides");
  }
}

Analysis analyse(const Line& line) {
  Analyser analyser(line.limits, line.dialect, !is_ascii(line.text));
  analyser.walk(line);
  return analyser.finish();
}

Analysis analyse_argv(std::span<const std::string_view> argv, const Limits& limits) {
  const bool foreign =
      !std::ranges::all_of(argv, [](std::string_view word) { return is_ascii(word); });
  Analyser analyser(limits, Dialect::posix, foreign);
  Command command;
  if (argv.empty()) {
    Analysis none;
    none.troubles.push_back({0, "there is no command"});
    return none;
  }
  command.program = argv[0];
  std::size_t bytes = 0;
  for (const std::string_view word : argv) bytes += word.size();
  if (bytes > limits.text_bytes_max || argv.size() > limits.words_max) {
    Analysis none;
    none.troubles.push_back({0, "the command is too long"});
    return none;
  }
  for (const std::string_view word : argv.subspan(1)) {
    command.arguments.push_back({std::string(word), Known::literal, false, 0});
  }
  analyser.add(std::move(command), false);
  return analyser.finish();
}

}  // namespace pawl::shell
