// `pawl prices`: what models cost, as pawl reckons with it.
#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "io/pins/replace_file.h"
#include "kernel/metering/litellm.h"
#include "kernel/metering/price.h"
#include "model/sum.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

constexpr std::size_t table_bytes_max = 8UL << 20;
constexpr Duration price_ages = Duration::seconds(90L * 86'400);

constexpr auto show_options = std::to_array<OptionRow>({
    {"--prices", "F", "a table that lies over the program's, as `prices` of the deployment file"},
    json_option,
});
constexpr auto show_words = std::to_array<WordRow>({
    {.name = "NAME", .says = "a model, or a part of its name", .required = false, .many = true},
});
constexpr auto check_options = std::to_array<OptionRow>({json_option});
constexpr auto check_words = std::to_array<WordRow>({
    {.name = "FILE", .says = "a price table"},
});
constexpr auto import_options = std::to_array<OptionRow>({
    {"--output", "F", "the table is written there, and not to standard output"},
    json_option,
});
constexpr auto import_words = std::to_array<WordRow>({
    {.name = "FILE", .says = "a price file of LiteLLM"},
});

Instant now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
}

std::string dollars(NanoUsd money) {
  return to_string(Amount{money});
}

int complain_all(const std::vector<Error>& errors) {
  for (const Error& error : errors) complain(error);
  return exit_no;
}

std::expected<PriceTable, std::vector<Error>> table_of(const std::string& file) {
  auto text = node::read_file(file, table_bytes_max);
  if (!text) return std::unexpected(std::vector<Error>{text.error()});
  return PriceTable::parse(*text, file);
}

bool wanted(const std::string& name, const std::vector<std::string>& words) {
  return words.empty() ||
         std::ranges::any_of(words, [&](const std::string& word) { return name.contains(word); });
}

void write_rates(json::Writer& out, const Rates& rates) {
  out.object().key("cache_read").natural(rates.cache_read);
  out.key("cache_write").natural(rates.cache_write);
  out.key("cache_write_long").natural(rates.cache_write_long);
  out.key("input").natural(rates.input).key("output").natural(rates.output).end();
}

std::string as_json(const PriceTable& table, const std::vector<std::string>& words) {
  json::Writer out;
  out.object().key("digest").string(table.digest()).key("prices").array();
  for (const auto& [name, line] : table.lines()) {
    if (!wanted(name, words)) continue;
    out.object();
    if (line.above) {
      out.key("above_tokens").natural(*line.above).key("above_nano_usd_per_million");
      write_rates(out, line.rates_above);
    }
    out.key("date").string(line.date).key("model").string(name);
    out.key("nano_usd_per_million");
    write_rates(out, line.rates);
    if (line.output_most > 0) out.key("output_most").natural(line.output_most);
    out.key("services").object();
    for (const auto& [service, rates] : line.services) {
      out.key(service);
      write_rates(out, rates);
    }
    out.end().key("source").string(line.source).end();
  }
  return out.end().end().take();
}

int run_show(const Arguments& arguments) {
  PriceTable table = PriceTable::builtin();
  if (const auto file = arguments.one("--prices")) {
    auto own = table_of(*file);
    if (!own) return complain_all(own.error());
    table = table.with(*own);
  }
  const std::vector<std::string> words = arguments.words("NAME");
  if (arguments.has("--json")) {
    out(as_json(table, words));
    return exit_good;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, line] : table.lines()) {
    if (!wanted(name, words)) continue;
    rows.push_back(
        {escape_untrusted(name), dollars(line.rates.input), dollars(line.rates.cache_read),
         dollars(line.rates.output),
         line.above ? fmt::format("above {}k: {} {}", *line.above / 1000,
                                  dollars(line.rates_above.input), dollars(line.rates_above.output))
                    : ""});
  }
  if (rows.empty()) {
    return complain(
        {ErrorKind::missing, "the table has no such model: `pawl prices show` has all", {}});
  }
  out("dollars for a million tokens\n");
  out(app::table(rows, {"model", "input", "cached", "output", "long input"}));
  return exit_good;
}

// What a table says that lets more through than the program's.
std::vector<std::string> lower_than(const PriceTable& own, const PriceTable& before) {
  std::vector<std::string> out;
  for (const auto& [name, line] : own.lines()) {
    const auto known = before.lines().find(name);
    if (known == before.lines().end()) continue;
    const auto compare = [&](std::string_view what, NanoUsd now, NanoUsd was) {
      if (now >= was) return;
      out.push_back(fmt::format("{}: {} is {}, and was {}", escape_untrusted(name), what,
                                dollars(now), dollars(was)));
    };
    compare("input", line.rates.input, known->second.rates.input);
    compare("output", line.rates.output, known->second.rates.output);
    compare("cache_write", line.rates.cache_write, known->second.rates.cache_write);
  }
  return out;
}

void put_texts(const std::vector<std::string>& texts, json::Writer& out) {
  out.array();
  for (const std::string& text : texts) out.string(text);
  out.end();
}

void tell_lower(const std::vector<std::string>& lower) {
  if (lower.empty()) return;
  err(
      fmt::format("{} lower than in the program's table, so that the same ceiling lets more "
                  "through:",
                  lower.size() == 1 ? "one price is" : fmt::format("{} prices are", lower.size())));
  for (const std::string& one : lower) err("  " + one);
}

int run_check(const Arguments& arguments) {
  const std::string file = arguments.word("FILE");
  const auto own = table_of(file);
  if (!own) return complain_all(own.error());
  const Instant today = now();
  std::size_t old = 0;
  for (const auto& [name, line] : own->lines()) {
    const auto dated = parse_civil(line.date + "T00:00");  // as it was read
    const Instant then{seconds_as_utc(*dated) * 1'000'000'000};
    old += today - then > price_ages ? 1U : 0U;
  }
  const std::vector<std::string> lower = lower_than(*own, PriceTable::builtin());
  if (arguments.has("--json")) {
    json::Writer said;
    said.object().key("lower");
    put_texts(lower, said);
    said.key("old").natural(old).key("prices").natural(own->lines().size()).end();
    out(said.text());
    return exit_good;
  }
  out(fmt::format("{} prices, {} of them older than {} days", own->lines().size(), old,
                  price_ages.ns / 86'400'000'000'000));
  tell_lower(lower);
  return exit_good;
}

std::string today() {
  return to_string(now()).substr(0, 10);
}

int run_import(const Arguments& arguments) {
  const std::string file = arguments.word("FILE");
  auto text = node::read_file(file, litellm_bytes_max);
  if (!text) return complain(text.error());
  const std::string source = "imported from " + std::filesystem::path(file).filename().string();
  const auto imported = import_litellm(*text, source, today());
  if (!imported) return complain(imported.error());
  const auto own = PriceTable::parse(imported->yaml, "imported");
  if (!own) return complain_all(own.error());
  const auto into = arguments.one("--output");
  if (into) {
    if (const Status written = replace_file(*into, imported->yaml, 0644); !written) {
      return complain(written.error());
    }
  }
  const std::vector<std::string> lower = lower_than(*own, PriceTable::builtin());
  if (arguments.has("--json")) {
    json::Writer said;
    said.object().key("left_out");
    put_texts(imported->unreadable, said);
    said.key("lower");
    put_texts(lower, said);
    said.key("others").natural(imported->others).key("prices").natural(imported->lines);
    if (!into) said.key("table").string(imported->yaml);
    out(said.end().text());
    return exit_good;
  }
  if (!into) out(imported->yaml);
  err(fmt::format("{} prices; {} of other providers and kinds are left out", imported->lines,
                  imported->others));
  for (const std::string& one : imported->unreadable) err("left out: " + one);
  tell_lower(lower);
  return exit_good;
}

}  // namespace

const CommandRow prices_show_command{
    .name = "prices show",
    .group = "write",
    .says = "prints what models cost, as pawl reckons with it",
    .options = show_options,
    .words = show_words,
    .run = run_show,
    .more =
        "The table of the program, or what a deployment makes of it with `prices: FILE`. A "
        "request reserves at the dearest price that it can meet; what it is charged is in the "
        "journal with the line and the digest of the table."};

const CommandRow prices_check_command{
    .name = "prices check",
    .group = "write",
    .says = "reads a price table, and says what is old in it and what is lower",
    .options = check_options,
    .words = check_words,
    .run = run_check,
    .more =
        "A lower price lets more requests through under the same ceiling, so each one that is "
        "lower than the program's is named."};

const CommandRow prices_import_command{
    .name = "prices import",
    .group = "write",
    .says = "makes a price table of LiteLLM's file of prices",
    .options = import_options,
    .words = import_words,
    .run = run_import,
    .more =
        "Of OpenAI, Anthropic and Gemini, text and embeddings. The result is a file for "
        "`prices` of the deployment file."};

}  // namespace pawl::app
