// The words of a command, read by its description.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "lang/shell/programs.h"

namespace pawl::shell {
namespace {

// `--no-x` of a program that negates in this way.
constexpr Option kNegated{"--no-", "", 0, 0, false};

bool is_option_word(std::string_view text) {
  return text.size() > 1 && text[0] == '-';
}

// What git takes for a place in its history before it looks for a file of that name.
bool names_branch(std::string_view word) {
  if (has_word("- main master develop trunk HEAD", word)) return true;
  return word.starts_with("HEAD~") || word.starts_with("HEAD^") || word.starts_with("@{-");
}

// One option word, and the words that are its values.
class OptionReader {
 public:
  OptionReader(const Program& program, const Form* form, const Form* top,
               std::span<const Argument> words)
      : program_(program), form_(form), top_(top), words_(words) {}

  // Adds what the word at `at` says; moves `at` to its last word. False: it is not described.
  bool read(std::uint32_t& at, std::vector<Reading::Given>& into) const {
    const std::string_view text = words_[at].text;
    if (program_.style == Style::single)
      return long_option(at, text.starts_with("--") ? 1 : 0, into);
    if (text.starts_with("--")) return long_option(at, 0, into);
    if (words_[at].literal()) {
      if (const Option* whole = find(text.substr(0, text.find('=')));
          whole != nullptr && text.size() > 2) {
        return long_option(at, 0, into);
      }
    }
    return letters(at, into);
  }

  const Option* find(std::string_view name) const {
    const Option* found = form_ == nullptr ? nullptr : form_->find(name);
    if (found == nullptr && top_ != nullptr) found = top_->find(name);
    return found;
  }

 private:
  bool long_option(std::uint32_t& at, std::size_t skip, std::vector<Reading::Given>& into) const {
    const Argument& word = words_[at];
    const std::string_view text = std::string_view(word.text).substr(skip);
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const Option* option = find(name);
    if (option == nullptr && program_.negates && name.starts_with("--no-")) {
      const Option* other = find("--" + std::string(name.substr(5)));
      if (other != nullptr && other->effects.empty() && equals == text.npos) option = &kNegated;
    }
    if (option == nullptr) return false;
    // An unknown end: `--output=$x` is that option, `--out$x` may be any.
    if (!word.literal() && equals == text.npos) return false;
    Reading::Given given{option, at};
    if (equals != text.npos) {
      const bool boolean = program_.style == Style::single && option->values == 0;
      if (option->values == 0 && !option->joined && !boolean) return false;
      given.value = at;
      given.from = static_cast<std::uint32_t>(skip + equals + 1);
      if (option->values == 2) return false;
    } else if (!take(at, *option, given)) {
      return false;
    }
    into.push_back(given);
    return true;
  }

  // Values in the next words; none of them may be several.
  bool take(std::uint32_t& at, const Option& option, Reading::Given& given) const {
    for (std::uint8_t i = 0; i < option.values; ++i) {
      if (at + 1 >= words_.size() || words_[at + 1].known == Known::many) return false;
      ++at;
      // Of two values of find's `-fprintf` the first is the file.
      if (i == 0 || !option.effects.contains('w')) given.value = at;
      given.from = 0;
    }
    return true;
  }

  bool letters(std::uint32_t& at, std::vector<Reading::Given>& into) const {
    const Argument& word = words_[at];
    const std::string text = word.text;
    const std::uint32_t here = at;
    const bool lenient = form_ != nullptr && (form_->does('h') || form_->does('c'));
    if (text.size() > 1 && is_digit(text[1]) && find("-#") != nullptr) {
      if (text.find_first_not_of("0123456789", 1) == text.npos) return word.literal();
    }
    for (std::size_t i = 1; i < text.size(); ++i) {
      const char name[2] = {'-', text[i]};
      const Option* option = find(std::string_view(name, 2));
      if (option == nullptr) {
        if (!lenient) return false;
        continue;
      }
      Reading::Given given{option, here};
      const bool last = i + 1 == text.size();
      if (option->joined || (option->values > 0 && (!last || !word.literal()))) {
        if (option->values == 2) return false;
        given.value = option->joined && last && word.literal() ? 0 : here;
        given.from = static_cast<std::uint32_t>(i + 1);
        into.push_back(given);
        return true;
      }
      if (!take(at, *option, given)) return false;
      into.push_back(given);
      if (option->values > 0) return true;
    }
    return word.literal();
  }

  const Program& program_;
  const Form* form_;
  const Form* top_;
  std::span<const Argument> words_;
};

class CommandReader {
 public:
  explicit CommandReader(const Command& command) : command_(command), words_(command.arguments) {}

  Reading read() {
    const std::string_view name = canonical_name(command_.program);
    out_.program = &find_program(name);
    out_.top = find_form(name);
    out_.where = find_subcommand(name, words_);
    out_.form = out_.top;
    std::uint32_t at = 0;
    if (has_subcommands(name)) at = subcommand(name);
    words(at);
    if (name == "npx") inner(operands_.empty() ? words_.size() : operands_[0]);
    place_operands();
    if (name == "dd") place_dd();
    return std::move(out_);
  }

 private:
  // Reads what stands before the subcommand, and finds its form; returns where its words begin.
  std::uint32_t subcommand(std::string_view name) {
    const Subcommand& where = out_.where;
    const OptionReader before(*out_.program, out_.top, nullptr, words_);
    for (std::uint32_t at = 0; at < where.index; ++at) {
      if (!before.read(at, out_.options)) break;
    }
    if (!where.certain) {
      out_.form = nullptr;
      if (where.index < words_.size())
        out_.unknown.push_back(static_cast<std::uint32_t>(where.index));
      return static_cast<std::uint32_t>(where.index + 1);
    }
    if (where.index >= words_.size()) return static_cast<std::uint32_t>(words_.size());
    out_.sub = subcommand_name(*out_.program, words_, where);
    const std::size_t next = where.index + 1;
    if (next < words_.size() && words_[next].literal()) {
      const std::string both = std::string(out_.sub) + " " + words_[next].text;
      out_.form = find_form(name, both);
      if (out_.form != nullptr && !out_.sub.empty()) return static_cast<std::uint32_t>(next + 1);
    }
    out_.form = out_.sub.empty() ? nullptr : find_form(name, out_.sub);
    if (out_.form == nullptr) out_.unknown.push_back(static_cast<std::uint32_t>(where.index));
    return static_cast<std::uint32_t>(next);
  }

  bool ordered() const {
    const bool script = out_.form != nullptr && !out_.form->operands.empty() &&
                        out_.form->operands[0] == Role::script;
    const bool stops = out_.form != nullptr && out_.form->does('O');
    return out_.program->style == Style::ordered || script || stops;
  }

  void words(std::uint32_t at) {
    const Form* top = out_.program->persistent ? out_.top : nullptr;
    const OptionReader reader(*out_.program, out_.form, top, words_);
    const bool find = out_.program->name == "find";
    const bool tar = out_.form != nullptr && out_.form->usage->program == "tar";
    if (tar && !words_.empty() && !words_[0].text.starts_with('-')) at = old_tar(reader);
    bool options = out_.program->style != Style::words;
    for (; at < words_.size(); ++at) {
      const Argument& word = words_[at];
      if (options && word.is("--") && out_.program->style != Style::single) {
        options = false;
        ended_ = true;
      } else if (options && is_option_word(word.text)) {
        // Not `-executable`.
        const bool runs = find && has_word("-exec -execdir -ok -okdir", word.text);
        if (runs)
          at = behind_exec(at);
        else
          option(reader, at);
      } else if (find && (expression_ || word.is("(") || word.is("!"))) {
        expression_ = true;  // `)`, `,`, `!`
      } else {
        operands_.push_back(at);
        options = options && !ordered();
      }
      expression_ = expression_ || (find && is_option_word(word.text) && word.text.size() > 2);
    }
  }

  void option(const OptionReader& reader, std::uint32_t& at) {
    const std::uint32_t here = at;
    const std::size_t before = out_.options.size();
    if (!reader.read(at, out_.options)) {
      at = here;
      // Of a harmless program no option does anything else.
      const bool harmless = out_.form != nullptr && (out_.form->does('h') || out_.form->does('c'));
      if (!harmless) out_.unknown.push_back(here);
      // An abbreviation may bring the pattern: `sed --expr=p file`, `grep --reg=x file`.
      abbreviated_ = abbreviated_ || words_[here].text.starts_with("--");
      return;
    }
    // The option itself may be the value of one before it that is not described, and what was taken
    // for its value a file.
    const bool apart = at > here && out_.options.size() > before && abbreviated_;
    if (apart) operands_.push_back(at);
    for (std::size_t i = before; i < out_.options.size(); ++i) {
      if (out_.options[i].option->effects.contains('M')) {
        inner(out_.options[i].value);
        at = static_cast<std::uint32_t>(words_.size());
        return;
      }
    }
  }

  std::uint32_t behind_exec(std::uint32_t at) const {
    while (at + 1 < words_.size() && !words_[at].is(";") &&
           !(words_[at].is("+") && words_[at - 1].is("{}"))) {
      ++at;
    }
    return at;
  }

  // The first word is letters; their values are the next words, in order.
  std::uint32_t old_tar(const OptionReader& reader) {
    std::uint32_t at = 0;
    const Argument& first = words_[0];
    if (!first.literal()) {
      out_.unknown.push_back(0);
      return 1;
    }
    for (const char letter : first.text) {
      const char name[2] = {'-', letter};
      const Option* option = reader.find(std::string_view(name, 2));
      if (option == nullptr) {
        out_.unknown.push_back(0);
        return 1;
      }
      Reading::Given given{option, 0};
      if (option->values > 0) {
        if (at + 1 >= words_.size() || words_[at + 1].known == Known::many) {
          out_.unknown.push_back(0);
          return 1;
        }
        given.value = ++at;
      }
      out_.options.push_back(given);
    }
    return at + 1;
  }

  // The words of a program that this one runs: `npx vitest …`, `python -m pytest …`.
  void inner(std::size_t index) {
    if (index >= words_.size() || !words_[index].literal()) return;
    Command other;
    other.program = words_[index].text;
    other.arguments.assign(words_.begin() + static_cast<std::ptrdiff_t>(index) + 1, words_.end());
    const Reading found = read_command(other);
    const auto shift = static_cast<std::uint32_t>(index + 1);
    for (const std::uint32_t at : found.unknown) out_.unknown.push_back(at + shift);
    if (found.does('x')) out_.unknown.push_back(static_cast<std::uint32_t>(index));
    out_.inner_writes = found.does('w') || found.does('W') || found.inner_writes;
    for (Reading::Given given : found.options) {
      given.at += shift;
      if (given.value > 0 || given.from > 0) given.value += shift;
      out_.options.push_back(given);
    }
    for (Reading::Operand operand : found.operands) {
      inner_.push_back({operand.at + shift, operand.role});
    }
    if (!operands_.empty()) operands_.resize(1);
  }

  void place_operands() {
    const Form* form = out_.form;
    if (form == nullptr) {
      for (const std::uint32_t at : operands_) out_.operands.push_back({at, Role::text});
      return;
    }
    std::vector<Role> roles = form->operands;
    std::size_t repeated = form->repeats ? form->repeated : roles.size();
    if (out_.has('p') && !roles.empty() && roles[0] == Role::pattern) {
      roles.erase(roles.begin());
      if (form->repeats) --repeated;
    }
    const std::size_t all = operands_.size();
    const std::size_t behind = form->repeats ? roles.size() - repeated - 1 : 0;
    bool several = false;  // of what stood before, some may be any number of words
    for (std::size_t i = 0; i < all; ++i) {
      const std::uint32_t at = operands_[i];
      std::size_t index = i;
      if (form->repeats && i >= repeated) {
        index = i + behind >= all ? roles.size() - (all - i) : repeated;
      } else if (i >= roles.size()) {
        index = roles.size();
      }
      several = several || words_[at].known == Known::many;
      Role role = index < roles.size() ? roles[index] : Role::text;
      if (several && !form->repeats) role = strongest(roles, i, role);
      if ((several || abbreviated_) && role == Role::pattern) role = Role::read;
      if (index >= roles.size() && !several && !form->does('h')) out_.unknown.push_back(at);
      if (out_.has('t') && role == Role::write) role = form->operands[0];
      if (out_.has('o') && (role == Role::read || role == Role::look)) role = Role::write;
      out_.operands.push_back({at, role});
    }
    out_.operands.insert(out_.operands.end(), inner_.begin(), inner_.end());
    // `git config user.name` asks.
    asks_ = form->usage->program == "git" && out_.sub == "config" && all == 1 &&
            out_.form->does('x') && words_[operands_[0]].literal() &&
            !words_[operands_[0]].is("edit");
    if (asks_) out_.form = find_form("git", "config get");
    out_.switches = form->usage->program == "git" && out_.sub == "checkout" && all == 1 &&
                    !ended_ && words_[operands_[0]].literal() &&
                    names_branch(words_[operands_[0]].text);
  }

  static Role strongest(const std::vector<Role>& roles, std::size_t from, Role role) {
    for (std::size_t i = from; i < roles.size(); ++i) {
      if (roles[i] == Role::write || roles[i] == Role::into) return Role::write;
      if (roles[i] == Role::read) role = Role::read;
    }
    return role;
  }

  void place_dd() {
    for (Reading::Operand& operand : out_.operands) {
      const std::string& text = words_[operand.at].text;
      if (text.starts_with("if="))
        operand.role = Role::read;
      else if (!text.starts_with("of=") && words_[operand.at].literal())
        operand.role = Role::text;
    }
  }

  const Command& command_;
  std::span<const Argument> words_;
  Reading out_;
  std::vector<std::uint32_t> operands_;
  std::vector<Reading::Operand> inner_;
  bool expression_ = false;
  bool abbreviated_ = false;
  bool asks_ = false;
  bool ended_ = false;  // `--` was met
};

}  // namespace

Reading read_command(const Command& command) {
  return CommandReader(command).read();
}

bool Reading::has(char effect) const {
  return std::ranges::any_of(
      options, [&](const Given& given) { return given.option->effects.contains(effect); });
}

bool Reading::does(char what) const {
  if (form == nullptr || !form->does(what) || has('n')) return false;
  return !form->does('e') || !operands.empty();
}

bool Reading::writes() const {
  if (has('n')) return false;
  // `find -delete` has no operand, and begins where it works.
  if (does('w') || has('y') || has('o') || inner_writes || has('X') || (has('C') && has('f')))
    return true;
  return std::ranges::any_of(operands, [](const Operand& operand) {
    return operand.role == Role::write || operand.role == Role::move || operand.role == Role::into;
  });
}

bool Reading::discards() const {
  if (has('n')) return false;
  return has('!') || (does('!') && !has('k') && !switches);
}

Argument Reading::value(const Command& command, const Given& given) const {
  Argument out;
  if (given.value >= command.arguments.size() || (given.value == 0 && given.from == 0)) return out;
  out = command.arguments[given.value];
  out.text = out.text.substr(std::min<std::size_t>(given.from, out.text.size()));
  if (out.known == Known::many) out.known = Known::one;
  return out;
}

Subcommand find_subcommand(std::string_view name, std::span<const Argument> arguments) {
  Subcommand out;
  const Program& program = find_program(name);
  const Form* form = find_form(name);
  const OptionReader reader(program, form, nullptr, arguments);
  std::vector<Reading::Given> ignored;
  while (out.index < arguments.size()) {
    const Argument& word = arguments[out.index];
    if (!word.literal()) {
      out.certain = word.operand;
      return out;
    }
    // `cargo +nightly build`
    const bool toolchain = name == "cargo" && out.index == 0 && word.text.starts_with('+');
    if (!toolchain) {
      if (!is_option_word(word.text) || program.style == Style::words) return out;
      auto at = static_cast<std::uint32_t>(out.index);
      if (form == nullptr || !reader.read(at, ignored)) {
        // Of a harmless program no option hides anything.
        if (form != nullptr && (form->does('h') || form->does('c'))) return out;
        out.certain = false;
        return out;
      }
      out.index = at;
    }
    ++out.index;
  }
  return out;
}

std::string_view subcommand_name(const Program& program, std::span<const Argument> arguments,
                                 const Subcommand& where) {
  if (!where.certain || where.index >= arguments.size()) return {};
  const Argument& word = arguments[where.index];
  if (!word.literal()) return {};
  for (std::string_view words = program.subcommands; !words.empty();) {
    const std::string_view pair = next_word(words);
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == word.text) return pair.substr(equals + 1);
  }
  return word.text;
}

// Rows that stop: any word that might be an option counts.

namespace {

const Option* described(const Reading& reading, std::string_view name) {
  const Option* found = reading.form == nullptr ? nullptr : reading.form->find(name);
  if (found == nullptr && reading.top != nullptr) found = reading.top->find(name);
  return found;
}

// Short options: in a word of letters, up to the first that takes a value.
bool has_letter(const Reading& reading, std::string_view word, char letter) {
  for (const char c : word.substr(1)) {
    if (c == letter) return true;
    const char name[2] = {'-', c};
    const Option* option = described(reading, std::string_view(name, 2));
    if (option != nullptr && option->values > 0) return false;
  }
  return false;
}

void same_group(const Form* form, const Option& option, std::vector<std::string_view>& into) {
  if (form == nullptr) return;
  const Option* own = form->find(option.name);
  if (own == nullptr) return;
  for (const Option& other : form->options) {
    if (other.group == own->group && std::ranges::find(into, other.name) == into.end()) {
      into.push_back(other.name);
    }
  }
}

}  // namespace

bool has_option(const Reading& reading, std::string_view word, std::string_view option) {
  if (!option.starts_with('-')) {
    // `SHELL=…` of make, or a word as such.
    return word == option || (word.starts_with(option) && word.substr(option.size(), 1) == "=");
  }
  if (!is_option_word(word)) return false;
  if (option.starts_with("--")) {
    if (!word.starts_with("--") || word.size() < 3) return false;
    return option.starts_with(word.substr(0, word.find('=')));
  }
  if (option.size() == 2) return word[1] != '-' && has_letter(reading, word, option[1]);
  if (word.starts_with("--")) word.remove_prefix(1);
  return word.starts_with(option) &&
         (word.size() == option.size() || word[option.size()] == '=' || word[option.size()] == ':');
}

bool describes(const Reading& reading, std::string_view option) {
  return described(reading, option) != nullptr;
}

std::vector<std::vector<std::string_view>> spellings(const Reading& reading,
                                                     std::string_view option) {
  std::vector<std::vector<std::string_view>> out;
  const auto add = [&](std::string_view one) {
    std::vector<std::string_view> names = {one};
    if (const Option* known = described(reading, one)) {
      same_group(reading.form, *known, names);
      same_group(reading.top, *known, names);
    }
    out.push_back(std::move(names));
  };
  const bool whole = option.starts_with("--") || option.size() <= 2 ||
                     described(reading, option.substr(0, option.find('='))) != nullptr ||
                     reading.program->style == Style::single;
  if (whole) {
    add(option);
    return out;
  }
  for (std::size_t i = 1; i < option.size(); ++i) {
    static constexpr std::string_view letters =
        "-a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-A-B-C-D-E-F-G-H-I-J-K-L-M-N-O-P-Q-R-"
        "S-"
        "T-U-V-W-X-Y-Z-0-1-2-3-4-5-6-7-8-9";
    const std::size_t at = letters.find(option[i]);
    if (at == letters.npos || option[i] == '-') return {{option}};
    add(letters.substr(at - 1, 2));
  }
  return out;
}

}  // namespace pawl::shell
