#include "kernel/condition/condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kernel/condition/names.h"

namespace pawl {
namespace {

constexpr unsigned bit_of(Known which) {
  return 1U << static_cast<unsigned>(which);
}
constexpr std::uint32_t tables = bit_of(Known::run_records) | bit_of(Known::run_seen);
constexpr std::uint32_t extras = ~((1U << known_count) - 1);

Error constant_mistake(const cel::Source& source, const cel::Value& value) {
  const std::string_view always = value.is_true()    ? "always true"
                                  : value.is_false() ? "always false"
                                                     : "always an error";
  return cel::error_at(source, 0,
                       fmt::format("`{}` is {}: a condition depends on the call or on the run",
                                   escape_untrusted(source.text.substr(0, 80)), always));
}

}  // namespace

void Surroundings::extra(std::span<const cel::Value> values) {
  std::copy_n(values.begin(), std::min(values.size(), extra_max), values_.begin() + known_count);
}

cel::Value Surroundings::table(std::span<const CountAsked> asked, bool records,
                               cel::Entry* entries) {
  std::size_t size = 0;
  for (const CountAsked& one : asked) {
    if (one.records != records) continue;
    if (one.name.empty() && (made_ & bit_of(Known::tool)) == 0) {
      values_[static_cast<std::size_t>(Known::tool)] = value(Known::tool);
      made_ |= bit_of(Known::tool);
    }
    const cel::Value key = one.name.empty() ? values_[static_cast<std::size_t>(Known::tool)]
                                            : cel::Value::of(std::string_view(one.name));
    entries[size++] = {
        key,
        cel::Value::of(static_cast<std::int64_t>(std::min(count(one), std::uint64_t{INT64_MAX})))};
  }
  return cel::Value::map_of(entries, size);
}

std::expected<std::shared_ptr<const Condition>, cel::Errors> Condition::compile(
    std::string text, Rule rule, Polarity polarity, Extra extra, cel::TypeKind result,
    const ZoneSource& zone_source) {
  const cel::Source source{text, rule.at};
  cel::Environment names = names_with(nullptr, extra);
  const auto found = std::make_shared<Zones>();
  if (zone_source) {
    names.zones([&](std::string_view name) -> Result<Zone> {
      auto zone = zone_source(name);
      if (zone) found->emplace(name, *zone);
      return zone;
    });
  }
  auto program = cel::compile(source, names, {.result = simple(result)});
  PAWL_TRY(program);
  auto counts = counts_asked(source);
  PAWL_TRY(counts);
  if (result == cel::TypeKind::boolean) {
    if (const auto value = program->constant()) {
      return std::unexpected(cel::Errors{constant_mistake(source, *value)});
    }
  }
  std::shared_ptr<Condition> made(new Condition(std::move(*program)));
  for (const cel::Reference& reference : made->program_.references()) {
    const cel::Variable* variable = names.find(reference.variable);
    if (variable != nullptr) made->needs_ |= 1U << names.slot_of(*variable);
  }
  made->text_ = std::move(text);
  made->rule_ = std::move(rule);
  made->polarity_ = polarity;
  made->result_ = result;
  made->extra_ = std::make_shared<const std::vector<cel::Variable>>(extra.begin(), extra.end());
  made->zones_ = found;
  made->counts_ = std::move(*counts);
  return made;
}

std::expected<std::shared_ptr<const Condition>, cel::Errors> Condition::retyped(
    const cel::TypeRef& arguments) const {
  cel::Environment names = names_with(arguments, *extra_);
  names.zones([this](std::string_view name) -> Result<Zone> {
    const auto known = zones_->find(name);
    if (known == zones_->end())
      return fail(ErrorKind::missing, "the time zone is not known any more");
    return known->second;
  });
  auto program = cel::compile({text_, rule_.at}, names, {.result = simple(result_)});
  PAWL_TRY(program);
  std::shared_ptr<Condition> typed(new Condition(*this));
  typed->program_ = std::move(*program);
  return typed;
}

std::vector<std::string> Condition::arguments() const {
  std::vector<std::string> names;
  for (const cel::Reference& reference : program_.references()) {
    if (reference.variable != "args" || reference.path.empty()) continue;
    std::string name = reference.path.substr(0, reference.path.find_first_of(".["));
    if (!name.empty() && std::ranges::find(names, name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

cel::Value Condition::evaluate(Surroundings& in) const {
  std::uint32_t wanted = needs_ & ~(in.made_ | tables | extras);
  for (; wanted != 0; wanted &= wanted - 1) {
    const auto which = static_cast<std::size_t>(__builtin_ctz(wanted));
    in.values_[which] = in.value(static_cast<Known>(which));
    in.made_ |= 1U << which;
  }
  if ((needs_ & tables) != 0) [[unlikely]] {
    in.values_[static_cast<std::size_t>(Known::run_records)] =
        in.table(counts_, true, in.records_.data());
    in.values_[static_cast<std::size_t>(Known::run_seen)] =
        in.table(counts_, false, in.seen_.data());
  }
  return program_.evaluate(std::span(in.values_).first(known_count + extra_->size()), in.scratch_,
                           in.fuel_);
}

}  // namespace pawl
