#include "kernel/metering/price.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"
#include "model/sum.h"

namespace pawl {

namespace {

using Wide = unsigned __int128;
constexpr std::uint64_t price_unit = 1'000'000;  // tokens
// A million dollars for a million tokens: with it no sum of a request's parts overflows 128 bits.
constexpr NanoUsd price_max = 1'000'000 * nano_usd_per_usd;

class Reader {
 public:
  explicit Reader(std::vector<Error>& errors) : errors_(errors) {}

  void mistake(const Position& at, std::string message) {
    errors_.push_back({ErrorKind::invalid, std::move(message), at});
  }
  std::string text(const yaml::Entry& key) {
    if (key.value.is_scalar() && !key.value.text.empty()) return key.value.text;
    mistake(key.value.at, fmt::format("`{}` must be a text", escape_untrusted(key.key)));
    return {};
  }
  void money(const yaml::Entry& key, NanoUsd& into) {
    const bool number = key.value.is_scalar() && !key.value.quoted && key.value.as_number();
    const auto amount = number ? parse_amount(key.value.text) : std::nullopt;
    if (amount && amount->nano <= price_max) {
      into = amount->nano;
    } else {
      mistake(key.value.at,
              fmt::format("`{}` must be dollars such as `1.25`", escape_untrusted(key.key)));
    }
  }
  void count(const yaml::Entry& key, std::uint64_t& into) {
    const std::string& text = key.value.text;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), into);
    if (read.ec == std::errc() && read.ptr == text.data() + text.size() && !text.empty()) return;
    mistake(key.value.at, fmt::format("`{}` must be a whole number", escape_untrusted(key.key)));
  }
  // True where the key is one of the rates.
  bool rate(const yaml::Entry& key, Rates& into) {
    struct Row {
      std::string_view name;
      NanoUsd Rates::* rate;
    };
    static constexpr std::array<Row, 5> rows = {{{"input", &Rates::input},
                                                 {"cache_read", &Rates::cache_read},
                                                 {"cache_write", &Rates::cache_write},
                                                 {"cache_write_long", &Rates::cache_write_long},
                                                 {"output", &Rates::output}}};
    const auto row = std::ranges::find(rows, key.key, &Row::name);
    if (row == rows.end()) return false;
    money(key, into.*row->rate);
    return true;
  }
  void unknown(const yaml::Entry& key) {
    mistake(key.key_at, fmt::format("unknown key `{}` of a price", escape_untrusted(key.key)));
  }
  // What a cache costs, where the line does not say: as much as what no cache had.
  void rates(const yaml::Node& node, Rates& into) {
    for (const std::string_view needed : {"input", "output"}) {
      if (node.entry(needed) == nullptr) {
        mistake(node.at, fmt::format("a price has no `{}`", needed));
      }
    }
    if (node.entry("cache_read") == nullptr) into.cache_read = into.input;
    if (node.entry("cache_write") == nullptr) into.cache_write = into.input;
    if (node.entry("cache_write_long") == nullptr) into.cache_write_long = into.cache_write;
  }
  Rates rates_of(const yaml::Node& node, std::uint64_t* above) {
    Rates out;
    if (!node.is_map()) {
      mistake(node.at, "expected a mapping of prices");
      return out;
    }
    for (const yaml::Entry& key : node.entries) {
      if (above != nullptr && key.key == "tokens") {
        count(key, *above);
      } else if (!rate(key, out)) {
        unknown(key);
      }
    }
    rates(node, out);
    return out;
  }
  Price line(const yaml::Entry& entry);

 private:
  std::vector<Error>& errors_;
};

Price Reader::line(const yaml::Entry& entry) {
  Price out;
  out.name = entry.key;
  out.at = entry.key_at;
  const std::size_t slash = entry.key.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == entry.key.size()) {
    mistake(entry.key_at, fmt::format("`{}` is no `PROVIDER/MODEL`", escape_untrusted(entry.key)));
  }
  if (!entry.value.is_map()) {
    mistake(entry.value.at, "expected a mapping of prices");
    return out;
  }
  for (const yaml::Entry& key : entry.value.entries) {
    if (rate(key, out.rates)) continue;
    if (key.key == "source") {
      out.source = text(key);
    } else if (key.key == "date") {
      out.date = text(key);
    } else if (key.key == "search") {
      money(key, out.search);
    } else if (key.key == "output_most") {
      count(key, out.output_most);
    } else if (key.key == "above") {
      out.above.emplace(0);
      out.rates_above = rates_of(key.value, &*out.above);
    } else if (key.key == "services") {
      if (!key.value.is_map()) mistake(key.value.at, "`services` must be a mapping of prices");
      for (const yaml::Entry& service : key.value.entries) {
        out.services[service.key] = rates_of(service.value, nullptr);
      }
    } else {
      unknown(key);
    }
  }
  rates(entry.value, out.rates);
  if (!out.date.empty() && !parse_civil(out.date + "T00:00")) {
    mistake(entry.value.entry("date")->value.at, "`date` must be a day such as `2026-11-26`");
  }
  for (const std::string_view needed : {"source", "date"}) {
    if (entry.value.entry(needed) == nullptr) {
      mistake(entry.key_at,
              fmt::format("the price of `{}` has no `{}`", escape_untrusted(entry.key), needed));
    }
  }
  return out;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

// `gpt-5` of `gpt-5-2025-08-07` and of `gpt-5-20250807`; empty: it has no date.
std::string_view undated(std::string_view model) {
  const auto cut = [&](std::size_t length) {
    return model.size() > length && model[model.size() - length] == '-'
               ? model.substr(0, model.size() - length)
               : std::string_view();
  };
  if (const auto whole = cut(9); !whole.empty() && all_digits(model.substr(whole.size() + 1))) {
    return whole;
  }
  const auto parted = cut(11);
  if (parted.empty()) return {};
  std::string digits(model.substr(parted.size() + 1));
  if (digits[4] != '-' || digits[7] != '-') return {};
  std::erase(digits, '-');
  return all_digits(digits) && digits.size() == 8 ? parted : std::string_view();
}

std::uint64_t narrow(Wide value) {
  return value > no_bound ? no_bound : static_cast<std::uint64_t>(value);
}

bool ordinary(std::string_view service) {
  return service.empty() || service == "standard" || service == "default" || service == "auto";
}

}  // namespace

std::expected<PriceTable, std::vector<Error>> PriceTable::parse(std::string_view text,
                                                                std::string_view file) {
  yaml::Read read = yaml::read(text, file);
  std::vector<Error> errors = std::move(read.errors);
  Reader reader(errors);
  PriceTable table;
  for (const yaml::Entry& key : read.root.entries) {
    if (key.key == "version") {
      if (key.value.text != "1") reader.mistake(key.value.at, "`version` must be 1");
    } else if (key.key == "prices") {
      for (const yaml::Entry& line : key.value.entries) {
        table.lines_[line.key] = reader.line(line);
      }
    } else {
      reader.mistake(key.key_at, fmt::format("unknown key `{}`: expected `version` and `prices`",
                                             escape_untrusted(key.key)));
    }
  }
  if (errors.empty() && table.lines_.empty()) {
    reader.mistake({std::string(file), 1, 1}, "there is no price: expected `prices`");
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  table.digest_ = to_string(sha256(text));
  return table;
}

const PriceTable& PriceTable::builtin() {
  static const PriceTable table = [] {
    auto read = parse(builtin_prices(), "prices/models.yaml");
    return read ? *std::move(read) : PriceTable();
  }();
  return table;
}

PriceTable PriceTable::with(const PriceTable& own) const {
  PriceTable out = *this;
  for (const auto& [name, line] : own.lines_) out.lines_[name] = line;
  out.digest_ = to_string(sha256({digest_, "\n", own.digest_}));
  return out;
}

const Price* PriceTable::find(std::string_view provider, std::string_view model) const {
  for (const std::string_view name : {model, undated(model)}) {
    if (name.empty()) continue;
    const auto found = lines_.find(fmt::format("{}/{}", provider, name));
    if (found != lines_.end()) return &found->second;
  }
  return nullptr;
}

std::optional<NanoUsd> cost(const Price& price, const TokenUsage& usage, std::string_view service) {
  const Rates* rates = &price.rates;
  if (!ordinary(service)) {
    const auto found = price.services.find(service);
    if (found == price.services.end()) return std::nullopt;
    rates = &found->second;
  } else if (price.above && usage.into() > *price.above) {
    rates = &price.rates_above;
  }
  const Wide tokens =
      Wide{usage.input} * rates->input + Wide{usage.cache_read} * rates->cache_read +
      Wide{usage.cache_write} * rates->cache_write +
      Wide{usage.cache_write_long} * rates->cache_write_long + Wide{usage.out()} * rates->output;
  const Wide rounded = tokens / price_unit + (tokens % price_unit == 0 ? 0 : 1);
  return narrow(rounded + Wide{usage.searches} * price.search);
}

DearestPrice dearest(const Price& price, std::uint64_t input_most, std::string_view table) {
  DearestPrice out{.line = price.name, .table = std::string(table)};
  const auto take = [&out](const Rates& rates) {
    out.input = std::max(
        {out.input, rates.input, rates.cache_read, rates.cache_write, rates.cache_write_long});
    out.output = std::max(out.output, rates.output);
  };
  take(price.rates);
  if (price.above && input_most > *price.above) take(price.rates_above);
  for (const auto& [name, rates] : price.services) take(rates);
  return out;
}

}  // namespace pawl
