// What happens to the calls of an entry, and what it depends on: the verdict columns of `check` and
// `describe`. Questions are asked of the same table and the same rows as every call's
// (verdicts_test.cpp compares them with admit over many policies and calls).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "analysis/check/parts.h"
#include "base/text.h"
#include "kernel/constraint/in_words.h"
#include "kernel/policy/commands.h"
#include "lang/shell/programs.h"

namespace pawl::checking {
namespace {

constexpr std::size_t named_max = 4;      // values or rows in one sentence
constexpr std::size_t together_max = 36;  // classes and words: there are no more

std::string situation_words(const ToolRule& entry, const Case& one) {
  if (one.condition) {
    return fmt::format("`{}`", escape_untrusted(entry.conditions[*one.condition]->text()));
  }
  std::string out;
  for (const ArgumentRule& rule : one.arguments) {
    out += out.empty() ? "" : ", and ";
    out += fmt::format("`{}` is ", argument_of(rule));
    std::string wants;
    for (const Check& check : rule.checks) {
      wants += (wants.empty() ? "" : " and ") + in_words(check, Entries::said);
    }
    out += wants.empty() ? "as it says" : wants;
  }
  return out;
}

class Outcomes {
 public:
  Outcomes(const Subject& subject, const ToolRule& entry, const BoundTool& bound)
      : subject_(subject), entry_(entry), bound_(bound) {}

  std::vector<Outcome> run() {
    if (!bound_.misfits.empty()) {
      out_.push_back({.by = Outcome::By::call, .question = {.effect = Effect::deny}});
      return std::move(out_);
    }
    if (entry_.commands != nullptr) {
      commands(*entry_.commands);
    } else {
      for (const auto& [c, when] : classes_of_calls()) call(c, when);
    }
    together();
    conditions();
    values();
    layers();
    freezes();
    return std::move(out_);
  }

 private:
  void add(Outcome outcome, const Circumstance& at) {
    outcome.question = question_of(subject_, entry_, bound_.action_class, at);
    const std::pair may_run(at.action_class, at.then);
    if (at.then != Effect::deny && std::ranges::find(may_run_, may_run) == may_run_.end()) {
      may_run_.push_back(may_run);
    }
    if (std::ranges::find(seen_, at.action_class) == seen_.end()) seen_.push_back(at.action_class);
    out_.push_back(std::move(outcome));
  }

  // The classes that a call may have before its cases are judged, with the value that says so.
  std::vector<std::pair<Class, std::string>> classes_of_calls() const {
    if (bound_.by_call.empty()) return {{bound_.action_class, ""}};
    std::vector<std::pair<Class, std::vector<std::string>>> found;
    const auto put = [&](Class c, std::string value) {
      const auto known = std::ranges::find(found, c, &decltype(found)::value_type::first);
      if (known != found.end()) return known->second.push_back(std::move(value));
      found.push_back({c, {std::move(value)}});
    };
    const PackTool& first = *bound_.by_call.front();
    for (const auto& [value, c] : first.calls) put(c, value);
    if (first.absent) put(*first.absent, "absent");
    put(first.otherwise, "anything else");
    std::vector<std::pair<Class, std::string>> out;
    for (const auto& [c, values] : found) {
      out.emplace_back(
          c, fmt::format("`{}` is {}", escape_untrusted(first.by), some_of(values, named_max)));
    }
    return out;
  }

  void call(Class c, const std::string& when) {
    const Cases& cases = entry_.cases;
    const std::string also = when.empty() ? "" : fmt::format(", and {}", when);
    if (cases.empty()) {
      const auto by = when.empty() ? Outcome::By::call : Outcome::By::kind;
      add({.by = by, .when = when.empty() ? "" : "where " + when}, {.action_class = c});
      return;
    }
    for (std::size_t i = 0; i < cases.list.size(); ++i) {
      const Case& one = cases.list[i];
      Class in_force = one.action_class.value_or(c);
      in_force.external_sink |= c.external_sink;
      add({.by = Outcome::By::situation,
           .when = fmt::format("where {}{}", situation_words(entry_, one), also),
           .at = i},
          {.action_class = in_force, .then = one.then, .terms = &one.approval});
    }
    add({.by = Outcome::By::otherwise, .when = "where no case applies" + also},
        {.action_class = c, .then = cases.otherwise});
  }

  void commands(const CommandRule& rule) {
    for (std::uint32_t i = 0; i < rule.rows.size(); ++i) {
      const CommandRow& row = rule.rows[i];
      const std::string run = some_of(rule.line.rows.row(i).run, named_max);
      const Class usual = row.stated_class.value_or(bound_.action_class);
      final_lines(rule.line.rows.row(i), row, usual, i);
      if (row.cases.empty()) {
        add({.by = Outcome::By::command, .when = "for " + run, .at = i},
            {.action_class = usual, .then = row.then, .terms = &row.approval});
        continue;
      }
      for (std::size_t j = 0; j < row.cases.list.size(); ++j) {
        const Case& one = row.cases.list[j];
        add({.by = Outcome::By::command,
             .when = fmt::format("for {} where {}", run, situation_words(entry_, one)),
             .at = i,
             .of = j},
            {.action_class = one.action_class.value_or(usual),
             .then = one.then,
             .terms = &one.approval});
      }
      add({.by = Outcome::By::command,
           .when = fmt::format("for {} where none of its cases applies", run),
           .at = i,
           .of = row.cases.list.size()},
          {.action_class = usual, .then = row.cases.otherwise, .terms = &row.approval});
    }
    add({.by = Outcome::By::otherwise, .when = "for any other line"},
        {.action_class = kMostDangerous, .then = rule.otherwise});
  }

  // What the descriptions of programs know to be irreversible, whatever the row states.
  void final_lines(const shell::Row& words, const CommandRow& row, Class usual, std::size_t i) {
    bool sends = false, discards = false;
    for (const std::string& run : words.run) {
      sends |= shell::may_do(run, 's');
      discards |= shell::may_do(run, '!');
    }
    if (row.then == Effect::deny) return;
    if (words.writes) final_line(words, row, usual, i, "writes a file");
    if (discards) final_line(words, row, usual, i, "throws work away");
    if (sends) final_line(words, row, usual, i, "sends something");
  }
  void final_line(const shell::Row& words, const CommandRow& row, Class usual, std::size_t i,
                  std::string_view what) {
    const Class c = raised(usual, what.starts_with('s'), what.starts_with('t'), what[0] == 'w');
    if (c == usual) return;
    add({.by = Outcome::By::command,
         .when = fmt::format("for {} that {}", some_of(words.run, named_max), what),
         .at = i},
        {.action_class = c, .then = row.then, .terms = &row.approval});
  }

  // Several cases or commands at once have the more dangerous class of all of them, which may ask
  // what none of them asks alone.
  void together() {
    std::vector<std::pair<Class, Effect>> all = may_run_;
    for (std::size_t i = 0; i < all.size() && all.size() < together_max; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const std::pair both(more_dangerous(all[i].first, all[j].first),
                             stricter(all[i].second, all[j].second));
        if (std::ranges::find(all, both) != all.end()) continue;
        all.push_back(both);
        const Question question = question_of(subject_, entry_, bound_.action_class,
                                              {.action_class = both.first, .then = both.second});
        if (known(question)) continue;
        out_.push_back({.by = Outcome::By::together,
                        .when = "where several of them fit at once",
                        .question = question});
      }
    }
  }

  bool known(const Question& question) const {
    return std::ranges::any_of(out_, [&](const Outcome& one) {
      return one.question.effect == question.effect && one.question.typed == question.typed &&
             one.question.quorum == question.quorum;
    });
  }

  Class worst() const {
    Class c = seen_.front();
    for (const Class other : seen_) c = more_dangerous(c, other);
    return c;
  }
  bool runs() const {
    return std::ranges::any_of(out_, [](const Outcome& one) {
      return one.question.effect == Effect::allow || one.question.effect == Effect::notify;
    });
  }

  // What asks a person about calls that would run otherwise.
  void add_hold(Outcome outcome) {
    if (!runs()) return;
    add(std::move(outcome), {.action_class = worst(), .asked = true});
  }

  void conditions() {
    if (!entry_.approval_if) return;
    const std::string text = escape_untrusted(entry_.conditions[*entry_.approval_if]->text());
    add_hold({.by = Outcome::By::condition, .when = fmt::format("where `{}`", text)});
  }

  void values() {
    for (std::size_t i = 0; i < bound_.arguments.size(); ++i) {
      const ArgumentRule& rule = bound_.arguments[i];
      if (!rule.may_hold()) continue;
      add_hold({.by = Outcome::By::value,
                .when = fmt::format("for another value of `{}`", argument_of(rule)),
                .at = i});
    }
  }

  void layers() {
    for (const Class c : seen_) {
      for (const LayerRow& one : rows_of_layers(subject_, entry_, c)) {
        if (one.certain || one.asks == Effect::allow) continue;
        Outcome outcome{.by = Outcome::By::layer,
                        .when = fmt::format("where a layer says so ({})",
                                            place_of(subject_.policy, one.row->rule)),
                        .question = {.effect = one.asks}};
        if (!known_when(outcome.when)) out_.push_back(std::move(outcome));
      }
    }
  }

  void freezes() {
    const Environment place =
        subject_.production ? Environment::production : subject_.policy.environment;
    for (const Freeze& freeze : subject_.policy.freezes) {
      const bool stops =
          std::ranges::any_of(seen_, [&](Class c) { return freeze.stops(c, place); });
      if (freeze.is_over(subject_.now) || !stops) continue;
      out_.push_back({.by = Outcome::By::freeze,
                      .when = fmt::format("in the freeze `{}`", escape_untrusted(freeze.name)),
                      .question = {.effect = freeze.then}});
    }
  }

  bool known_when(const std::string& when) const {
    return std::ranges::find(out_, when, &Outcome::when) != out_.end();
  }

  const Subject& subject_;
  const ToolRule& entry_;
  const BoundTool& bound_;
  std::vector<Outcome> out_;
  std::vector<std::pair<Class, Effect>> may_run_;  // what cases and rows say that deny nothing
  std::vector<Class> seen_;                        // of everything
};

}  // namespace

std::vector<Outcome> outcomes_of(const Subject& subject, const ToolRule& entry,
                                 const BoundTool& bound) {
  if (entry.environment_by == nullptr) return Outcomes(subject, entry, bound).run();
  // The call says where it works.
  std::vector<Outcome> out;
  std::map<Environment, std::vector<std::string>> places;
  for (const auto& [value, place] : entry.environment_by->values) places[place].push_back(value);
  for (const auto& [place, values] : places) {
    Policy there = subject.policy;
    there.environment = place;
    const Subject of_place{there,           subject.deployment, subject.live,
                           subject.now,     subject.production, subject.report,
                           subject.accepted};
    for (Outcome& one : Outcomes(of_place, entry, bound).run()) {
      const std::string where = fmt::format(
          "where `{}` is {}", escape_untrusted(to_string(entry.environment_by->argument)),
          some_of(values, named_max));
      one.when = one.when.empty() ? where : fmt::format("{}, {}", where, one.when);
      if (one.by == Outcome::By::call) one.by = Outcome::By::place;
      out.push_back(std::move(one));
    }
  }
  return out;
}

std::string some_of(const std::vector<std::string>& names, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) {
    out += fmt::format("{}`{}`", i == 0 ? "" : ", ", escape_untrusted(names[i]));
  }
  if (names.size() > most) out += fmt::format(" and {} more", names.size() - most);
  return out;
}

std::vector<Effect> effects_of(const std::vector<Outcome>& outcomes) {
  std::vector<Effect> out;
  for (const Outcome& one : outcomes) {
    if (std::ranges::find(out, one.question.effect) == out.end()) {
      out.push_back(one.question.effect);
    }
  }
  std::ranges::sort(out);
  return out;
}

std::string spoken(const std::vector<Effect>& effects) {
  std::string out;
  for (const Effect effect : effects) {
    out += fmt::format("{}{}", out.empty() ? "" : " / ", to_string(effect));
  }
  return out;
}

}  // namespace pawl::checking

std::string pawl::CheckReport::Row::verdict() const {
  return effects.empty() ? std::string(to_string(effect)) : checking::spoken(effects);
}
