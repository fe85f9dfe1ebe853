// Makes a chain (chain.h) of an expression that is nothing but probes.
#include <algorithm>
#include <optional>
#include <span>

#include "lang/cel/compiling.h"

namespace pawl::cel {
namespace {

bool short_text(const Value& value) {
  return value.is(ValueKind::string) && value.size <= TextWords::whole_bytes_max;
}

ShortText short_of(std::string_view text) {
  return {static_cast<std::uint32_t>(text.size()), TextWords::of(text)};
}

bool is_function(Run run, std::string_view name) {
  const Function* const known = find_function(name);
  return known != nullptr && known->run == run;
}

}  // namespace

bool Compiling::link_place(const Probe& probe, Link& link) const {
  const Path& path = code_->paths[probe.path];
  if (path.names.size() > 1) return false;
  link.named = !path.names.empty();
  if (link.named) {
    const std::string& text = path.names.front().text;
    if (text.size() > TextWords::whole_bytes_max) return false;
    link.name = short_of(text);
  }
  link.slot = path.slot;
  return true;
}

// What the type of the place says of its texts. False where that has to be looked at.
bool Compiling::link_choices(const Probe& probe, std::span<const Value> wanted, Link& link) {
  const std::int32_t index = code_->paths[probe.path].expectation;
  if (index < 0) return true;
  const Type& type = *code_->expectations[static_cast<std::size_t>(index)].type;
  if (type.kind != TypeKind::string) return false;
  const auto& choices = type.choices;
  const auto is_short = [](const std::string& one) {
    return one.size() <= TextWords::whole_bytes_max;
  };
  if (!std::ranges::all_of(choices, is_short)) return false;
  link.sure = std::ranges::all_of(wanted, [&](const Value& each) {
    return std::ranges::find(choices, each.text()) != choices.end();
  });
  link.choices = static_cast<std::uint32_t>(code_->texts.size());
  for (const std::string& one : choices) code_->texts.push_back(short_of(one));
  link.choices_end = static_cast<std::uint32_t>(code_->texts.size());
  return true;
}

bool Compiling::link_texts(const Probe& probe, Link& link) {
  const Value& constant = code_->constants[probe.constant];
  const bool list = probe.kind == Probe::Kind::in_list;
  if (list && !constant.is(ValueKind::list)) return false;
  const std::span<const Value> wanted =
      list ? std::span(constant.as.list, constant.size) : std::span(&constant, 1);
  if (!std::ranges::all_of(wanted, short_text)) return false;
  link.way = list ? Link::Way::one_of : Link::Way::equal;
  if (list) link.how = 0;
  link.plain = ValueKind::string;
  link.wanted = static_cast<std::uint32_t>(code_->texts.size());
  for (const Value& each : wanted) code_->texts.push_back(short_of(each.text()));
  link.wanted_end = static_cast<std::uint32_t>(code_->texts.size());
  return link_choices(probe, wanted, link);
}

bool Compiling::link_call(const Probe& probe, Link& link) const {
  if (probe.way != Probe::Way::called) return false;
  link.plain = probe.plain;
  const Value& constant = code_->constants[probe.constant];
  const Run run = code_->functions[probe.function];
  const bool begins = is_function(run, "startsWith");
  if (probe.plain == ValueKind::string && short_text(constant) &&
      (begins || is_function(run, "endsWith"))) {
    link.way = begins ? Link::Way::begins : Link::Way::ends;
    link.text = short_of(constant.text());
    return true;
  }
  link.way = Link::Way::called;
  link.constant = probe.constant;
  link.function = probe.function;
  return true;
}

// Whole numbers: of a place that is expected to hold them, or anything.
bool Compiling::link_numbers(const Probe& probe, Link& link) const {
  const Value& constant = code_->constants[probe.constant];
  const std::int32_t index = code_->paths[probe.path].expectation;
  const bool fits =
      index < 0 || code_->expectations[static_cast<std::size_t>(index)].plain == ValueKind::integer;
  if (!constant.is(ValueKind::integer) || !fits) return false;
  link.way = probe.kind == Probe::Kind::order ? Link::Way::order : Link::Way::whole;
  link.plain = ValueKind::integer;
  link.integer = constant.as.integer;
  return true;
}

std::optional<Link> Compiling::link_of(const Probe& probe, std::uint32_t around) {
  Link link{.how = probe.how, .fuel = probe.fuel + around};
  if (!link_place(probe, link)) return {};
  bool made = false;
  switch (probe.kind) {
    case Probe::Kind::order:
      made = link_numbers(probe, link);
      break;
    case Probe::Kind::equality:
      made = link_numbers(probe, link) || link_texts(probe, link);
      break;
    case Probe::Kind::in_list:
      made = link_texts(probe, link);
      break;
    case Probe::Kind::call:
      made = link_call(probe, link);
      break;
  }
  return made ? std::optional(link) : std::nullopt;
}

void Compiling::chain() {
  const auto& all = code_->instructions;
  const Op joined = all.size() > 2 ? all[1].op : Op::and_probe;
  if (all.front().op != Op::probe || all.back().op != Op::end ||
      (joined != Op::and_probe && joined != Op::or_probe)) {
    return;
  }
  std::vector<Link> links;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    // Every jump leads to the end: nothing is behind the chain.
    if (i > 0 && (all[i].op != joined || all[i].c != all.size() - 1)) return;
    const auto link =
        i == 0 ? link_of(code_->probes[all[i].c], 0) : link_of(code_->probes[all[i].b], 2);
    if (!link) return;
    links.push_back(*link);
  }
  code_->links = std::move(links);
  code_->links_all = joined == Op::and_probe;
}

}  // namespace pawl::cel
