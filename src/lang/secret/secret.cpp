// Credentials by their shapes. Issuers give them a fixed beginning so that they can be found.
#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>

#include "base/text.h"
#include "lang/secret/secret.h"

namespace pawl {

namespace {

// Characters that may follow the beginning.
enum Tail : std::uint8_t { any, hexadecimal, base32, alnum, word, token, dotted };

struct Shape {
  std::string_view begins;
  Tail tail;
  std::size_t least;  // characters of the tail
  bool mixed;         // a common beginning: the tail needs a digit and letters of both cases
  std::string_view what;
};

// By first byte. Behind each row: who says so.
constexpr auto shapes = std::to_array<Shape>({
    {"A3T", base32, 17, false, "an AWS access key"},   // AWS, IAM identifiers, older keys
    {"ABIA", base32, 16, false, "an AWS access key"},  // AWS, IAM identifiers: bearer tokens
    {"ACCA", base32, 16, false, "an AWS access key"},  // AWS, IAM identifiers: context credentials
    {"AGE-SECRET-KEY-1", alnum, 50, false, "a private key"},      // age, format of identities
    {"AIza", token, 35, false, "a Google API key"},               // Google Cloud, API keys
    {"AKIA", base32, 16, false, "an AWS access key"},             // AWS, IAM identifiers
    {"ASIA", base32, 16, false, "an AWS access key"},             // AWS, IAM identifiers: temporary
    {"ATATT3", token, 60, false, "an Atlassian token"},           // Atlassian, API tokens
    {"ATCTT3", token, 60, false, "an Atlassian token"},           // Atlassian, API tokens
    {"AccountKey=", any, 40, false, "an Azure storage key"},      // Azure, connection strings
    {"Bearer ", dotted, 20, true, "a bearer token"},              // RFC 6750, section 2.1
    {"EAACEdEose0cBA", alnum, 10, false, "a Facebook token"},     // Meta, access tokens
    {"FlyV1 fm", word, 20, false, "a Fly.io token"},              // Fly.io, access tokens
    {"GOCSPX-", token, 20, false, "a Google client secret"},      // Google, OAuth 2.0 clients
    {"LTAI", alnum, 16, true, "an Alibaba Cloud key"},            // Alibaba Cloud, AccessKey pairs
    {"NRAK-", alnum, 27, false, "a New Relic key"},               // New Relic, API keys
    {"PuTTY-User-Key-File-", any, 1, false, "a private key"},     // PuTTY, appendix C
    {"SG.", dotted, 60, true, "a SendGrid key"},                  // SendGrid, API keys
    {"SharedAccessKey=", any, 40, false, "an Azure key"},         // Azure, connection strings
    {"bearer ", dotted, 20, true, "a bearer token"},              // RFC 6750, section 2.1
    {"cio", alnum, 32, true, "a crates token"},                   // cargo, publishing
    {"dapi", hexadecimal, 32, false, "a Databricks token"},       // Databricks, access tokens
    {"dckr_pat_", token, 20, false, "a Docker token"},            // Docker, access tokens
    {"dop_v1_", hexadecimal, 60, false, "a DigitalOcean token"},  // DigitalOcean, API tokens
    {"doo_v1_", hexadecimal, 60, false, "a DigitalOcean token"},  // DigitalOcean, OAuth
    {"dor_v1_", hexadecimal, 60, false, "a DigitalOcean token"},  // DigitalOcean, refresh tokens
    {"dp.pt.", alnum, 40, false, "a Doppler token"},              // Doppler, token formats
    {"dp.st.", dotted, 40, false, "a Doppler token"},             // Doppler, token formats
    {"gho_", alnum, 36, false, "a GitHub token"},                 // GitHub, token prefixes
    {"ghp_", alnum, 36, false, "a GitHub token"},                 // GitHub, token prefixes
    {"ghr_", alnum, 36, false, "a GitHub token"},                 // GitHub, token prefixes
    {"ghs_", alnum, 36, false, "a GitHub token"},                 // GitHub, token prefixes
    {"ghu_", alnum, 36, false, "a GitHub token"},                 // GitHub, token prefixes
    {"github_pat_", word, 36, false, "a GitHub token"},           // GitHub, token prefixes
    {"glagent-", token, 20, false, "a GitLab token"},             // GitLab, token overview
    {"glcbt-", token, 20, false, "a GitLab token"},               // GitLab, token overview
    {"gldt-", token, 20, false, "a GitLab token"},                // GitLab, token overview
    {"glft-", token, 20, false, "a GitLab token"},                // GitLab, token overview
    {"gloas-", token, 20, false, "a GitLab token"},               // GitLab, token overview
    {"glpat-", token, 20, false, "a GitLab token"},               // GitLab, token overview
    {"glptt-", token, 20, false, "a GitLab token"},               // GitLab, token overview
    {"glrt-", token, 20, false, "a GitLab token"},                // GitLab, token overview
    {"glsa_", word, 30, false, "a Grafana token"},                // Grafana, service accounts
    {"hf_", alnum, 30, true, "a Hugging Face token"},             // Hugging Face, access tokens
    {"hooks.slack.com/services/", any, 20, false, "a Slack webhook"},  // Slack, incoming webhooks
    {"hvb.", token, 24, false, "a Vault token"},                       // Vault, tokens
    {"hvs.", token, 24, false, "a Vault token"},                       // Vault, tokens
    {"key-", hexadecimal, 32, false, "a Mailgun key"},                 // Mailgun, API keys
    {"lin_api_", alnum, 30, false, "a Linear key"},                    // Linear, personal keys
    {"npm_", alnum, 36, false, "an npm token"},                        // npm, access tokens
    {"ntn_", alnum, 40, false, "a Notion token"},                      // Notion, token formats
    {"pawl_", token, 43, false, "a pawl key"},                         // lang/jose/api_key.h
    {"pscale_tkn_", token, 30, false, "a PlanetScale token"},    // PlanetScale, service tokens
    {"pypi-AgEIcHlwaS5vcmc", token, 30, false, "a PyPI token"},  // PyPI, API tokens
    {"rk_live_", alnum, 16, false, "a Stripe key"},              // Stripe, API keys
    {"rk_test_", alnum, 16, false, "a Stripe key"},              // Stripe, API keys
    {"rubygems_", hexadecimal, 48, false, "a RubyGems key"},     // RubyGems, API keys
    {"secret_", alnum, 43, true, "a Notion token"},              // Notion, older tokens
    {"shpat_", hexadecimal, 32, false, "a Shopify token"},       // Shopify, access tokens
    {"shpca_", hexadecimal, 32, false, "a Shopify token"},       // Shopify, access tokens
    {"shppa_", hexadecimal, 32, false, "a Shopify token"},       // Shopify, access tokens
    {"shpss_", hexadecimal, 32, false, "a Shopify secret"},      // Shopify, access tokens
    {"sk-ant-", token, 32, false, "an Anthropic key"},           // Anthropic, API keys
    {"sk-", token, 32, true, "an OpenAI key"},                   // OpenAI, API keys
    {"sk_live_", alnum, 16, false, "a Stripe key"},              // Stripe, API keys
    {"sk_test_", alnum, 16, false, "a Stripe key"},              // Stripe, API keys
    {"whsec_", any, 24, false, "a webhook secret"},              // Stripe, webhook signatures
    {"xapp-", token, 20, false, "a Slack token"},                // Slack, token types
    {"xoxa-", token, 10, false, "a Slack token"},                // Slack, token types
    {"xoxb-", token, 10, false, "a Slack token"},                // Slack, token types
    {"xoxc-", token, 10, false, "a Slack token"},                // Slack, token types
    {"xoxe-", token, 10, false, "a Slack token"},                // Slack, token types
    {"xoxe.", dotted, 10, false, "a Slack token"},               // Slack, token rotation
    {"xoxp-", token, 10, false, "a Slack token"},                // Slack, token types
    {"xoxr-", token, 10, false, "a Slack token"},                // Slack, token types
    {"xoxs-", token, 10, false, "a Slack token"},                // Slack, token types
    {"ya29.", token, 30, false, "a Google access token"},        // Google, OAuth 2.0
});

constexpr bool by_first_byte() {
  for (std::size_t i = 1; i < shapes.size(); ++i) {
    if (shapes[i].begins[0] < shapes[i - 1].begins[0]) return false;
  }
  return true;
}
static_assert(by_first_byte());

struct Range {
  std::uint8_t begin = 0, end = 0;
};
constexpr std::array<Range, 128> rows_by_byte = [] {
  std::array<Range, 128> out{};
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    Range& range = out[static_cast<std::size_t>(shapes[i].begins[0])];
    if (range.end == 0) range.begin = static_cast<std::uint8_t>(i);
    range.end = static_cast<std::uint8_t>(i + 1);
  }
  return out;
}();

bool lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool upper(char c) {
  return c >= 'A' && c <= 'Z';
}

bool follows(Tail tail, char c) {
  switch (tail) {
    case any:
      return c > ' ' && c < 0x7f;
    case hexadecimal:
      return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    case base32:
      return upper(c) || is_digit(c);
    case alnum:
      return is_digit(c) || lower(c) || upper(c);
    case word:
      return is_digit(c) || lower(c) || upper(c) || c == '_';
    case token:
      return is_digit(c) || lower(c) || upper(c) || c == '_' || c == '-';
    case dotted:
      return is_digit(c) || lower(c) || upper(c) || c == '_' || c == '-' || c == '.' || c == '+' ||
             c == '/' || c == '~' || c == '=';
  }
  return false;
}

// Where runs of one sort of characters end. Beginnings overlap (`eyJeyJ…`), and what follows each
// of them is mostly the same run, so its end is kept: a text is gone through once for each sort of
// characters, and not once for each beginning. The places that are asked for go to the right, but
// for the length of a beginning.
class RunEnds {
 public:
  template <class Belongs>
  std::size_t behind(std::string_view text, std::size_t at, Belongs belongs) {
    if (known_ && at >= begin_ && at <= end_) return end_;
    const bool before = known_ && at < begin_;
    const std::size_t stop = before ? begin_ : text.size();
    std::size_t end = at;
    while (end < stop && belongs(text[end])) ++end;
    if (before && end < stop) return end;
    begin_ = at;
    if (!before) end_ = end;
    known_ = true;
    return end_;
  }

 private:
  bool known_ = false;
  std::size_t begin_ = 0, end_ = 0;
};

// One search in one text.
class Credentials {
 public:
  explicit Credentials(std::string_view text) : text_(text) {}
  std::string_view find();

 private:
  bool has_shape(const Shape& shape, std::size_t at);
  bool is_jwt(std::size_t at);
  std::size_t next(RunEnds& ends, std::size_t at, bool (*wanted)(char)) {
    return ends.behind(text_, at, [wanted](char c) { return !wanted(c); });
  }
  std::size_t behind_token(RunEnds& ends, std::size_t at) {
    return ends.behind(text_, at, [](char c) { return follows(token, c); });
  }

  std::string_view text_;
  std::array<RunEnds, dotted + 1> tails_;
  RunEnds digits_, lowers_, uppers_;  // where the next of them stands
  RunEnds headers_, claims_;
};

constexpr std::size_t tail_bytes_max = 512;  // that are looked at
constexpr std::size_t part_bytes_max = 4096;

bool Credentials::has_shape(const Shape& shape, std::size_t at) {
  if (!text_.substr(at).starts_with(shape.begins)) return false;
  const std::size_t begin = at + shape.begins.size();
  const Tail tail = shape.tail;
  const std::size_t behind =
      tails_[tail].behind(text_, begin, [tail](char c) { return follows(tail, c); });
  const std::size_t end = std::min(behind, begin + tail_bytes_max);
  if (end - begin < shape.least) return false;
  return !shape.mixed || (next(digits_, begin, is_digit) < end &&
                          next(lowers_, begin, lower) < end && next(uppers_, begin, upper) < end);
}

// Three parts with dots, the first a JSON object in base64 (RFC 7519, section 3; RFC 7516).
bool Credentials::is_jwt(std::size_t at) {
  if (!text_.substr(at).starts_with("eyJ")) return false;
  const std::size_t header = behind_token(headers_, at);
  if (header - at < 15 || header - at > part_bytes_max) return false;
  if (!text_.substr(header).starts_with('.')) return false;
  const std::size_t claims = behind_token(claims_, header + 1);
  const std::size_t size = claims - header - 1;
  return size >= 10 && size <= part_bytes_max && text_.substr(claims).starts_with('.');
}

// `-----BEGIN RSA PRIVATE KEY-----` and its relatives (RFC 7468, section 10; RFC 4716; RFC 9580).
bool is_key_block(std::string_view text) {
  if (!text.starts_with("BEGIN ")) return false;
  return text.substr(0, 48).find("PRIVATE KEY") != std::string_view::npos;
}

// A password before the host of an address (RFC 3986, section 3.2.1).
bool is_password_in_address(std::string_view text) {
  if (!text.starts_with("://")) return false;
  text = text.substr(3, 512);
  const std::string_view authority = text.substr(0, text.find_first_of("/?# \t\r\n\"'<>"));
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return false;
  const std::size_t colon = authority.find(':');
  return colon != std::string_view::npos && colon + 1 < at;
}

std::string_view Credentials::find() {
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text_[i]);
    if (byte >= rows_by_byte.size()) continue;
    for (std::size_t row = rows_by_byte[byte].begin; row < rows_by_byte[byte].end; ++row) {
      if (has_shape(shapes[row], i)) return shapes[row].what;
    }
    if (byte == 'e' && is_jwt(i)) return "a JSON web token";
    if (byte == 'B' && is_key_block(text_.substr(i))) return "a private key";
    if (byte == ':' && is_password_in_address(text_.substr(i))) return "an address with a password";
  }
  return {};
}

}  // namespace

std::string_view find_credential(std::string_view text) {
  return Credentials(text).find();
}

namespace {

bool counts(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

}  // namespace

std::string ListedTexts::form(std::string_view text) {
  std::string folded = valid_utf8(text) ? fold(text) : lower_ascii(text);
  std::erase_if(folded, [](char c) { return !counts(c); });
  return folded;
}

Result<ListedTexts> ListedTexts::make(const std::vector<std::string>& texts) {
  ListedTexts made;
  std::vector<std::string> forms;
  for (const std::string& text : texts) {
    forms.push_back(form(text));
    if (forms.back().size() >= listed_chars_min) continue;
    return fail(ErrorKind::invalid, "a listed text needs at least " +
                                        std::to_string(listed_chars_min) + " letters or digits");
  }
  std::ranges::sort(forms);
  for (std::string& text : forms) {
    // A text with the longer one has the shorter one.
    if (!made.sorted_.empty() && text.starts_with(made.sorted_.back())) continue;
    made.first_[static_cast<unsigned char>(text.front())] = true;
    made.sorted_.push_back(std::move(text));
  }
  return made;
}

// None is the beginning of another, so only the last one that sorts before `text` can be its own.
bool ListedTexts::starts_with_one(std::string_view text) const {
  const auto after = std::ranges::upper_bound(
      sorted_, text, std::less<>{}, [](const std::string& s) { return std::string_view(s); });
  return after != sorted_.begin() && text.starts_with(*std::prev(after));
}

bool ListedTexts::in(std::string_view text) const {
  if (sorted_.empty()) return false;
  const std::string reduced = form(text);
  const std::string_view view = reduced;
  for (std::size_t i = 0; i + listed_chars_min <= view.size(); ++i) {
    if (first_[static_cast<unsigned char>(view[i])] && starts_with_one(view.substr(i))) return true;
  }
  return false;
}

// The ways in which a text is read, and what looks encoded in it.

namespace {

constexpr std::size_t run_min = 16;

// The value of a character of base64, of both alphabets; nothing for any other.
std::optional<std::uint32_t> sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return std::nullopt;
}

std::optional<std::uint32_t> nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// Bytes that the characters mean, `bits` of each, from the first one on.
template <class Value>
std::string decoded(std::string_view run, unsigned bits, Value value) {
  std::string out;
  std::uint32_t held = 0;
  unsigned have = 0;
  for (const char c : run) {
    held = (held << bits | *value(c)) & 0xffff;
    have += bits;
    if (have < 8) continue;
    have -= 8;
    out += static_cast<char>(held >> have & 0xff);
  }
  return out;
}

// Runs of at least 16 such characters; line breaks inside of one are skipped, as MIME has them.
template <class Value>
std::vector<std::string> runs_of(std::string_view text, Value value) {
  std::vector<std::string> out;
  std::string run;
  const auto end_run = [&] {
    if (run.size() >= run_min) out.push_back(std::move(run));
    run.clear();
  };
  for (const char c : text) {
    if (value(c)) {
      run += c;
    } else if (c != '\n' && c != '\r') {
      end_run();
    }
  }
  end_run();
  return out;
}

std::string without_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && nibble(text[i + 1]) && nibble(text[i + 2]);
    if (!escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(*nibble(text[i + 1]) << 4 | *nibble(text[i + 2]));
    i += 2;
  }
  return out;
}

enum Kind : std::uint8_t { no_kind, digit_kind, lower_kind, upper_kind };
Kind kind_of(char c) {
  if (c >= '0' && c <= '9') return digit_kind;
  if (c >= 'a' && c <= 'z') return lower_kind;
  if (c >= 'A' && c <= 'Z') return upper_kind;
  return no_kind;
}

}  // namespace

std::optional<std::string> SecretSearch::find_plain(std::string_view text) const {
  if (const std::string_view what = find_credential(text); !what.empty()) {
    return "what looks like " + std::string(what);
  }
  if (listed_ != nullptr && listed_->in(text)) return "a text that the policy lists as secret";
  return std::nullopt;
}

std::optional<std::string> SecretSearch::find_encoded(std::string_view text) const {
  // The run may begin with characters that do not belong to it.
  for (const std::string& run : runs_of(text, sextet)) {
    for (std::size_t skip = 0; skip < 4; ++skip) {
      if (auto found = find_plain(decoded(std::string_view(run).substr(skip), 6, sextet))) {
        return *found + ", encoded";
      }
    }
  }
  for (const std::string& run : runs_of(text, nibble)) {
    for (std::size_t skip = 0; skip < 2; ++skip) {
      if (auto found = find_plain(decoded(std::string_view(run).substr(skip), 4, nibble))) {
        return *found + ", encoded";
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> SecretSearch::find(std::string_view text) const {
  if (auto found = find_plain(text)) return found;
  if (auto found = find_encoded(text)) return found;
  if (!is_ascii(text)) {
    std::string narrow = compose(text);
    std::erase_if(narrow, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    if (auto found = find_plain(narrow)) return found;
    if (auto found = find_encoded(narrow)) return found;
  }
  if (text.find('%') == std::string_view::npos) return std::nullopt;
  const std::string plain = without_percent(text);
  if (auto found = find_plain(plain)) return found;
  return find_encoded(plain);
}

// In base64 about two of three neighbours are of different kinds, in hexadecimal one of two, in
// base32 one of three; in words, code and dates far fewer.
void SecretSearch::judge_window() {
  filled_ = 0;
  std::size_t changes = 0;
  std::array<std::size_t, 4> kinds{};
  std::bitset<128> seen;
  for (std::size_t i = 0; i < window; ++i) {
    const Kind kind = kind_of(chars_[i]);
    ++kinds[kind];
    seen.set(static_cast<std::size_t>(chars_[i]));
    changes += i > 0 && kind != kind_of(chars_[i - 1]);
  }
  const bool dense = changes >= 24;
  const bool base32 = changes >= 13 && seen.count() >= 16 && kinds[digit_kind] > 0 &&
                      (kinds[lower_kind] == 0 || kinds[upper_kind] == 0);
  const bool number = kinds[digit_kind] == window;
  if (dense || base32 || number) encoded_ += window;
}

void SecretSearch::begin() {
  encoded_ = 0;
  filled_ = 0;
}

void SecretSearch::weigh(std::string_view text) {
  for (const char c : text) {
    if (kind_of(c) == no_kind) continue;
    chars_[filled_++] = c;
    if (filled_ == window) judge_window();
  }
}

}  // namespace pawl
