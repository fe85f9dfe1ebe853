// What a store does with its records.
#include "io/secrets/store.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace pawl::secrets {
namespace {

// What a box is about, so that none stands in for another.
std::string about(std::string_view what, std::string_view name, std::uint64_t version) {
  return fmt::format("pawl-credentials-v1 {}\n{}\n{}", what, name, version);
}

std::unexpected<Error> no_such(std::string_view name, std::optional<std::uint64_t> version) {
  return fail(
      ErrorKind::missing,
      version ? fmt::format("the store has no version {} of `{}`", *version, escape_untrusted(name))
              : fmt::format("the store has no credential `{}`", escape_untrusted(name)));
}

}  // namespace

bool valid_name(std::string_view name) {
  const auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > name_bytes_max || !fine(name.front())) return false;
  return std::ranges::all_of(name,
                             [&](char c) { return fine(c) || c == '.' || c == '-' || c == '_'; });
}

Status Store::unlock(const Credential& passphrase) {
  auto master = derive(passphrase, salt_, cost_);
  PAWL_TRY(master);
  wrap_ = key_for(*master, "pawl credentials: wrap");
  seal_ = key_for(*master, "pawl credentials: seal");
  return {};
}

Result<Store> Store::create(const Credential& passphrase, const Random& random, Cost cost) {
  Store made;
  made.cost_ = cost;
  made.salt_ = random(salt_bytes);
  PAWL_TRY(made.unlock(passphrase));
  return made;
}

std::vector<Store::Entry> Store::entries() const {
  std::vector<Entry> all;
  for (const auto& [key, record] : records_) all.push_back({key.first, key.second, record.created});
  return all;
}

std::optional<std::uint64_t> Store::newest(std::string_view name) const {
  std::optional<std::uint64_t> found;
  for (const auto& [key, record] : records_) {
    if (key.first == name) found = key.second;
  }
  return found;
}

Result<Credential> Store::get(std::string_view name, std::optional<std::uint64_t> version) const {
  const auto wanted = version ? version : newest(name);
  const auto found = wanted ? records_.find(std::pair(std::string(name), *wanted)) : records_.end();
  if (found == records_.end()) return no_such(name, version);
  auto key = decrypt(wrap_, found->second.wrapped, about("key", name, *wanted));
  if (!key) return key;
  return decrypt(*key, found->second.sealed, about("value", name, *wanted));
}

Result<std::uint64_t> Store::put(const std::string& name, const Credential& value, Instant now,
                                 const Random& random) {
  if (!valid_name(name)) {
    return fail(ErrorKind::usage,
                fmt::format("`{}` is not a valid credential name: small letters, digits "
                            "and . - _ are, up to {}",
                            escape_untrusted(name), name_bytes_max));
  }
  if (records_.size() >= records_max || next_.size() >= records_max) {
    return fail(ErrorKind::refused, fmt::format("a store holds at most {} records", records_max));
  }
  const std::uint64_t version = next_.try_emplace(name, 1).first->second++;
  std::string bytes = random(key_bytes);
  const Credential key = Credential::taken_from(bytes);
  records_[{name, version}] = {
      now, encrypt(wrap_, random(nonce_bytes), about("key", name, version), key.bytes()),
      encrypt(key, random(nonce_bytes), about("value", name, version), value.bytes())};
  return version;
}

Status Store::remove(const std::string& name, std::optional<std::uint64_t> version) {
  const auto removed = std::erase_if(records_, [&](const auto& entry) {
    return entry.first.first == name && (!version || entry.first.second == *version);
  });
  if (removed == 0) return no_such(name, version);
  return {};
}

Status Store::rewrap(const Credential& passphrase, const Random& random, Cost cost) {
  Store fresh;
  fresh.cost_ = cost;
  fresh.salt_ = random(salt_bytes);
  PAWL_TRY(fresh.unlock(passphrase));
  for (const auto& [name, record] : records_) {
    const std::string also = about("key", name.first, name.second);
    const auto key = decrypt(wrap_, record.wrapped, also);
    PAWL_TRY(key);
    Record again = record;
    again.wrapped = encrypt(fresh.wrap_, random(nonce_bytes), also, key->bytes());
    fresh.records_[name] = std::move(again);
  }
  fresh.next_ = next_;
  *this = std::move(fresh);
  return {};
}

std::string Store::seal_of(std::string_view body) const {
  return hex(hmac_sha256(seal_.bytes(), body));
}

// The text of a store: a line of checks, and a line of JSON.

namespace {

constexpr std::string_view first_word = "pawl-credentials-v1";
constexpr std::size_t digest_digits = 64;
constexpr std::size_t first_line_bytes = first_word.size() + 2 * (1 + digest_digits) + 1;
constexpr std::size_t depth_max = 8;

struct Lines {
  std::string_view digest, seal, body;
};

std::unexpected<Error> damaged(std::string_view why) {
  return fail(ErrorKind::corrupt, fmt::format("the store of credentials is damaged: {}", why));
}

Result<Lines> split_text(std::string_view text) {
  if (text.size() > store_bytes_max) return damaged("it is too long");
  if (text.size() < first_line_bytes || !text.starts_with(first_word)) {
    return damaged("it does not begin as a store does");
  }
  const std::string_view rest = text.substr(first_word.size());
  const Lines lines{rest.substr(1, digest_digits), rest.substr(2 + digest_digits, digest_digits),
                    text.substr(first_line_bytes)};
  const bool formed =
      rest[0] == ' ' && rest[1 + digest_digits] == ' ' && text[first_line_bytes - 1] == '\n';
  if (!formed) return damaged("its first line is not that of a store");
  if (hex(sha256(lines.body)) != lines.digest) return damaged("its digest is another one");
  return lines;
}

bool read_box(json::View record, std::string_view name, std::size_t least, std::string& into) {
  const auto text = record.text(name);
  return text && unbase64(*text, into) && into.size() > nonce_bytes + tag_bytes &&
         into.size() >= least;
}

bool is_version(json::View value) {
  return value.is_integer() && value.integer() > 0;
}

}  // namespace

Status Store::read_key(json::View key) {
  const json::View memory = key["memory_kib"];
  const json::View passes = key["passes"];
  const auto salt = key.text("salt");
  if (!memory.is_integer() || !passes.is_integer() || !salt || !unbase64(*salt, salt_) ||
      salt_.size() != salt_bytes || key.size() != 3) {
    return damaged("it does not say how its key is made");
  }
  // Less would make a stolen file easier to guess, more would stop this machine.
  if (memory.integer() < cost_min.memory_kib || memory.integer() > cost_max.memory_kib ||
      passes.integer() < cost_min.passes || passes.integer() > cost_max.passes) {
    return fail(ErrorKind::refused, "the store asks for a key that is too cheap or too dear");
  }
  cost_ = {static_cast<std::uint32_t>(memory.integer()),
           static_cast<std::uint32_t>(passes.integer())};
  return {};
}

Status Store::read_numbers(json::View numbers) {
  if (!numbers.is_object() || numbers.size() > records_max) return damaged("it has no numbers");
  for (const auto& [name, number] : numbers.members()) {
    if (!valid_name(name) || !is_version(number)) return damaged("one of its numbers is invalid");
    next_[std::string(name)] = number.natural();
  }
  return {};
}

Status Store::read_record(json::View record) {
  const auto name = record.text("name");
  const json::View version = record["version"];
  const json::View created = record["created"];
  Record made;
  if (!name || !is_version(version) || !created.is_integer() || record.size() != 5 ||
      !read_box(record, "wrapped", nonce_bytes + key_bytes + tag_bytes, made.wrapped) ||
      !read_box(record, "sealed", 0, made.sealed)) {
    return damaged("one of its records is invalid");
  }
  made.created = Instant{created.integer()};
  const auto next = next_.find(*name);
  if (next == next_.end() || version.natural() >= next->second) {
    return damaged("a record of it has a number that was never given");
  }
  const auto [at, fresh] =
      records_.try_emplace({std::string(*name), version.natural()}, std::move(made));
  if (!fresh) return damaged("two records of it are one version");
  return {};
}

Result<Store> Store::parse(std::string_view text) {
  const auto lines = split_text(text);
  PAWL_TRY(lines);
  const auto read = json::parse(lines->body, {.depth_max = depth_max});
  if (!read) return damaged(read.error().message);
  const json::View root = read->root();
  const json::View records = root["records"];
  if (!records.is_array() || records.size() > records_max || root.size() != 3) {
    return damaged("it has no records");
  }
  Store store;
  PAWL_TRY(store.read_key(root["key"]));
  PAWL_TRY(store.read_numbers(root["next"]));
  for (const json::View record : records.elements()) {
    PAWL_TRY(store.read_record(record));
  }
  return store;
}

Result<Store> Store::open(std::string_view text, const Credential& passphrase) {
  auto store = parse(text);
  if (!store) return store;
  PAWL_TRY(store->unlock(passphrase));
  const auto lines = split_text(text);
  PAWL_TRY(lines);
  if (!equal_constant_time(store->seal_of(lines->body), lines->seal)) {
    return fail(ErrorKind::refused,
                "the passphrase is not that of the store, or the store was edited");
  }
  return store;
}

Result<std::vector<Store::Entry>> Store::list(std::string_view text) {
  const auto store = parse(text);
  PAWL_TRY(store);
  return store->entries();
}

std::string Store::body() const {
  json::Writer out;
  out.object().key("key").object().key("memory_kib").natural(cost_.memory_kib);
  out.key("passes").natural(cost_.passes).key("salt").string(base64(salt_)).end();
  out.key("next").object();
  for (const auto& [name, number] : next_) out.key(name).natural(number);
  out.end().key("records").array();
  for (const auto& [key, record] : records_) {
    out.object().key("created").integer(record.created.ns).key("name").string(key.first);
    out.key("sealed").string(base64(record.sealed)).key("version").natural(key.second);
    out.key("wrapped").string(base64(record.wrapped)).end();
  }
  return out.end().end().take() + "\n";
}

std::string Store::text() const {
  const std::string lines = body();
  return fmt::format("{} {} {}\n{}", first_word, hex(sha256(lines)), seal_of(lines), lines);
}

}  // namespace pawl::secrets
