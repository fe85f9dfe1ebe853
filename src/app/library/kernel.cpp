// The public face: include/pawl/kernel.h over a DecideStream.
#include "pawl/kernel.h"

#include <utility>

#include "doors/decide/stream.h"
#include "kernel/admit/examples.h"

namespace pawl {

namespace {

// Each text is read by itself, so that none of them can add members to the line.
Status put_json(std::string_view key, const std::string& text, json::Writer& out) {
  if (text.empty()) return {};
  const auto document = json::parse(text);
  if (!document) {
    return fail(ErrorKind::invalid, "`" + std::string(key) + "`: " + document.error().message);
  }
  out.key(key).value(document->root());
  return {};
}

void put_text(std::string_view key, const std::string& text, json::Writer& out) {
  if (!text.empty()) out.key(key).string(text);
}

Result<std::string> line_of(const Proposal& proposal) {
  json::Writer out;
  out.object();
  put_text("run", proposal.run, out);
  put_text("server", proposal.server, out);
  put_text("tool", proposal.tool, out);
  put_text("now", proposal.now, out);
  for (const auto& [key, text] :
       {std::pair{"arguments", &proposal.arguments}, std::pair{"schema", &proposal.schema},
        std::pair{"annotations", &proposal.annotations}}) {
    PAWL_TRY(put_json(key, *text, out));
  }
  out.end();
  return out.take();
}

Decision::Effect effect_of(std::string_view word) {
  if (word == "allow") return Decision::Effect::allow;
  return word == "hold" ? Decision::Effect::hold : Decision::Effect::deny;
}

Result<std::string> file_from(
    const std::function<std::optional<std::string>(std::string_view)>& source,
    std::string_view name) {
  std::optional<std::string> bytes = source ? source(name) : std::nullopt;
  if (!bytes) return fail(ErrorKind::missing, "`" + std::string(name) + "` is not there");
  return std::move(*bytes);
}

}  // namespace

std::expected<Kernel, std::vector<std::string>> Kernel::load(std::string_view policy,
                                                             std::string_view file_name,
                                                             const PolicySources& sources) {
  LoadSources from;
  from.read = [&](std::string_view path) { return file_from(sources.list_file, path); };
  from.zone = [&](std::string_view name) -> Result<Zone> {
    if (name == "UTC") return Zone{};
    const auto bytes = file_from(sources.zone_file, name);
    PAWL_TRY(bytes);
    return Zone::parse(*bytes, name);
  };
  from.credentials = sources.credentials;
  // A policy's own examples are about the policy alone.
  for (const auto& [name, text] : sources.layers) from.named_by.push_back({name, text, from.read});
  Loaded loaded = with_examples(load_policy(policy, file_name, from));
  if (loaded.policy && !sources.layers.empty()) {
    from.layers = std::move(from.named_by);
    loaded = load_policy(policy, file_name, from);
  }
  if (loaded.policy) return Kernel(std::make_unique<DecideStream>(loaded.policy));
  std::vector<std::string> mistakes;
  for (const Error& error : loaded.errors) mistakes.push_back(to_string(error));
  return std::unexpected(std::move(mistakes));
}

Kernel::Kernel(std::unique_ptr<DecideStream> stream) : stream_(std::move(stream)) {}
Kernel::Kernel(Kernel&&) noexcept = default;
Kernel& Kernel::operator=(Kernel&&) noexcept = default;
Kernel::~Kernel() = default;

std::string Kernel::decide_line(std::string_view line) {
  return stream_->line(line);
}

Decision Kernel::decide(const Proposal& proposal) {
  const auto line = line_of(proposal);
  Decision decision;
  if (!line) {
    // Charged like every attempt: the line without what could not be read is wrong as well.
    json::Writer attempt;
    attempt.object();
    put_text("run", proposal.run, attempt);
    attempt.end();
    (void)stream_->line(attempt.text());
    decision.code = to_string(Code::ambiguous_request);
    decision.reason = line.error().message;
    decision.obligations = "{}";
    return decision;
  }
  const std::string answer = stream_->line(*line);
  const auto document = json::parse(answer);
  if (!document) {
    decision.code = to_string(Code::internal);
    return decision;
  }
  const json::View root = document->root();
  decision.effect = effect_of(root["effect"].string());
  decision.code = root["code"].string();
  decision.rule = root.text("rule").value_or("");
  decision.reason = root["reason"].string();
  decision.action_class = root.text("class").value_or("");
  decision.obligations = json::write(root["obligations"]);
  return decision;
}

}  // namespace pawl
