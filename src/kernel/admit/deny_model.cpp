// A request to a model: what its provider may do itself, and what is left of tokens and money.
//
// The request is bounded before it is sent: its input by what its bytes can come to, its output by
// a cap that is written into it, its price by the dearest that such a request can meet. Every limit
// (the run's ceilings, the standing budgets) says how much output it has room for:
//   room for good   what is left when only what was settled counts. Less than the request needs is
//                   spent: it is denied, and the run halts.
//   room for now    what is left when reservations count too. Less than the cap: the request may
//                   come again when those under way have settled.
// A cap is lowered to the room for good, never for what is only reserved.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "base/text.h"
#include "kernel/admit/model_room.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/models.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
// An answer of fewer tokens is of no use to anybody.
constexpr std::uint64_t useful_output_tokens = 16;
// The cap of an answer where a limit asks for one, and neither request nor price table says any.
constexpr std::uint64_t unknown_output_tokens = 4096;
constexpr std::uint64_t price_unit = 1'000'000;  // tokens

using Wide = unsigned __int128;

std::uint64_t narrow(Wide value) {
  return value > unlimited ? unlimited : static_cast<std::uint64_t>(value);
}

std::uint64_t rounded_up(Wide of_units) {
  return narrow((of_units + price_unit - 1) / price_unit);
}

NanoUsd cost(const DearestPrice& price, std::uint64_t input, std::uint64_t output) {
  const Wide tokens = Wide{input} * price.input + Wide{output} * price.output;
  return sum_of(rounded_up(tokens), price.request);
}

// How many tokens of output this much money pays for beside the input; nothing: not even that.
std::optional<std::uint64_t> affordable(const DearestPrice& price, std::uint64_t input,
                                        NanoUsd money) {
  if (cost(price, input, 0) > money) return std::nullopt;
  if (price.output == 0) return unlimited;
  const Wide left = Wide{money - price.request} * price_unit - Wide{input} * price.input;
  return narrow(left / price.output);
}

std::optional<std::uint64_t> room_of(const ModelLimit& limit, const ModelFact& request,
                                     std::uint64_t used) {
  const std::uint64_t left = limit.most - std::min(limit.most, used);
  switch (limit.of) {
    case ModelLimit::Of::input:
      return request.input_most <= left ? std::optional(unlimited) : std::nullopt;
    case ModelLimit::Of::output:
      return left;
    case ModelLimit::Of::tokens:
      return request.input_most <= left ? std::optional(left - request.input_most) : std::nullopt;
    case ModelLimit::Of::calls:
      return left > 0 ? std::optional(unlimited) : std::nullopt;
    case ModelLimit::Of::money:
      return affordable(*request.price, request.input_most, left);
  }
  return std::nullopt;
}

struct Room {
  std::optional<std::uint64_t> output = unlimited;  // nothing: not even for the input

  // Of each of so many answers.
  bool holds(std::uint64_t cap, std::uint64_t choices) const {
    return output && (*output == unlimited || (cap != unlimited && *output / choices >= cap));
  }
  const ModelLimit* by = nullptr;  // what leaves the least; null: nothing limits it
};

Room least_room(const std::vector<ModelLimit>& limits, const ModelFact& request, bool reserved) {
  Room room;
  for (const ModelLimit& limit : limits) {
    const std::uint64_t used = reserved ? sum_of(limit.settled, limit.reserved) : limit.settled;
    const auto here = room_of(limit, request, used);
    if (here && room.output && *here >= *room.output) continue;
    room = {here, &limit};
    if (!here) return room;
  }
  return room;
}

bool spent(const ModelLimit& limit, const ModelFact& request, Verdict& v) {
  v.halt = true;
  return object(
      v, Code::ceiling, limit.rule,
      fmt::format("{} {} are spent of {}, and this request may need {}", limit.whose,
                  limit.shown(limit.settled), limit.shown(limit.most), limit.needed(request)));
}

bool reserved(const ModelLimit& limit, Verdict& v) {
  v.retry = true;
  return object(v, Code::ceiling, limit.rule,
                fmt::format("the rest of {} {} is reserved by requests under way", limit.whose,
                            limit.shown(limit.most)));
}

bool without_bound(const ModelLimit& limit, Verdict& v) {
  return object(v, Code::constraint, limit.rule,
                fmt::format("it is not known before how much input it has (its provider may add "
                            "some), so the limit of {} {} could not be kept",
                            limit.shown(limit.most), limit.whose));
}

bool unknown_price(const Situation& s, const ModelLimit& limit, Verdict& v) {
  return object(
      v, Code::ceiling, limit.rule,
      fmt::format("the price of `{}` is not known, so what it costs cannot be limited: "
                  "`pawl prices import` makes a table for `prices` of the deployment file",
                  escape_untrusted(s.call.name())));
}

bool names_use(const std::vector<std::string>& uses, std::string_view use) {
  return std::ranges::any_of(uses,
                             [&](const std::string& one) { return NamePart(one).matches(use); });
}

// What the provider would do besides answering.
bool uses_too_much(const Situation& s, Verdict& v) {
  const json::View uses = s.call.arguments["uses"];
  if (!uses.is_array()) return false;
  for (const json::View use : uses.elements()) {
    const std::string_view name = use.is_string() ? use.string() : std::string_view();
    if (names_use(s.tool->entry->provider_uses, name)) continue;
    return object(v, Code::constraint, &s.tool->entry->rule,
                  fmt::format("its provider would do more than answer: `{}`, which `uses` of the "
                              "model's entry does not name",
                              escape_untrusted(name)));
  }
  return false;
}

// The cap of one answer, before any limit is looked at. Where none is in force (`limited` is false)
// a request that states no cap needs none.
std::uint64_t wanted_output(const ModelFact& request, const ToolRule& entry, bool limited) {
  if (request.choices == 0) return 0;  // embeddings
  std::uint64_t wanted = unlimited;
  if (limited) wanted = request.output_most > 0 ? request.output_most : unknown_output_tokens;
  if (request.output_asked > 0) wanted = request.output_asked;
  if (entry.max_output_tokens) wanted = std::min(wanted, *entry.max_output_tokens);
  return wanted;
}

Spend reservation_of(const ModelFact& request, std::uint64_t cap) {
  Spend spend;
  const bool input_known = request.input_most != no_bound;
  spend.input = input_known ? request.input_most : 0;
  spend.bounded = input_known && cap != unlimited;
  spend.output = spend.bounded ? narrow(Wide{cap} * request.choices) : 0;
  if (request.price) spend.money = cost(*request.price, spend.input, spend.output);
  return spend;
}

[[gnu::noinline]] bool over_a_limit(const Situation& s, const ModelFact& request, Verdict& v) {
  const std::vector<ModelLimit> limits = model_limits(s);
  const auto priced = std::ranges::find(limits, ModelLimit::Of::money, &ModelLimit::of);
  if (priced != limits.end() && !request.price) return unknown_price(s, *priced, v);
  if (request.input_most == no_bound) {
    const auto broken = std::ranges::find_if(
        limits, [](const ModelLimit& limit) { return limit.of != ModelLimit::Of::calls; });
    if (broken != limits.end()) return without_bound(*broken, v);
  }
  const std::uint64_t choices = std::max<std::uint64_t>(1, request.choices);
  const Room for_good = least_room(limits, request, false);
  const std::uint64_t wanted = wanted_output(request, *s.tool->entry, !limits.empty());
  if (wanted < request.output_least) {
    return object(v, Code::constraint, &s.tool->entry->max_output_rule,
                  fmt::format("it needs {} tokens of output for what it thinks, and may have {}",
                              request.output_least, wanted));
  }
  const std::uint64_t least =
      std::max(request.output_least, std::min(wanted, useful_output_tokens));
  if (!for_good.holds(least, choices)) return spent(*for_good.by, request, v);
  const std::uint64_t room = *for_good.output == unlimited ? unlimited : *for_good.output / choices;
  const std::uint64_t cap = std::min(wanted, room);
  const Room now = least_room(limits, request, true);
  if (!now.holds(cap, choices)) return reserved(*now.by, v);
  v.reservation.spend = reservation_of(request, cap);
  for (const BudgetFact& budget : request.budgets) v.reservation.budgets.push_back(budget.window);
  return false;
}

[[gnu::noinline]] bool denies_model(const Situation& s, Verdict& v) {
  if (!s.facts.model) {
    return object(v, Code::not_granted, &s.tool->entry->rule,
                  "a model is asked through the model proxy, and not by a call");
  }
  return uses_too_much(s, v) || over_a_limit(s, *s.facts.model, v);
}

}  // namespace

bool deny_model(const Situation& s, Verdict& v) {
  return is_model_server(s.call.server) && denies_model(s, v);
}

}  // namespace pawl
