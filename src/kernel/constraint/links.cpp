#include "kernel/constraint/links.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/text.h"
#include "kernel/constraint/constraint.h"
#include "kernel/constraint/link_decode.h"

namespace pawl {
namespace {

constexpr std::string_view foreign = "holds a link to a host that the policy does not list";
constexpr std::string_view unclear = "holds a link whose host cannot be told for certain";

// Endings of names that programs make links of without a scheme. Not complete, and need not be: see
// links.h. Endings that are mostly files (`md`, `sh`) count only with something behind the name.
constexpr std::array common_endings = std::to_array<std::string_view>({
    "ac",       "ae",      "agency",  "ai",      "app",     "ar",    "art",       "at",    "au",
    "be",       "bg",      "biz",     "blog",    "br",      "buzz",  "ca",        "cc",    "cf",
    "ch",       "cl",      "click",   "cloud",   "club",    "cn",    "co",        "com",   "cx",
    "cz",       "de",      "dev",     "digital", "dk",      "edu",   "ee",        "es",    "eu",
    "example",  "fi",      "fr",      "fun",     "ga",      "gg",    "gl",        "gle",   "gov",
    "gq",       "gr",      "hk",      "host",    "hr",      "hu",    "icu",       "id",    "ie",
    "il",       "in",      "info",    "int",     "invalid", "io",    "ir",        "is",    "it",
    "jp",       "kr",      "kz",      "li",      "life",    "link",  "live",      "lol",   "lt",
    "ltd",      "lu",      "lv",      "ly",      "me",      "media", "mil",       "ml",    "mobi",
    "mx",       "my",      "name",    "net",     "network", "news",  "ngrok",     "nl",    "no",
    "nu",       "nz",      "one",     "onion",   "online",  "org",   "page",      "ph",    "pk",
    "pl",       "pro",     "pt",      "pw",      "ro",      "ru",    "run",       "sa",    "se",
    "services", "sg",      "shop",    "si",      "site",    "sk",    "solutions", "space", "store",
    "stream",   "su",      "systems", "tech",    "test",    "th",    "tk",        "to",    "today",
    "tokyo",    "top",     "tr",      "tv",      "tw",      "ua",    "uk",        "us",    "vip",
    "vn",       "website", "wiki",    "win",     "work",    "works", "world",     "ws",    "wtf",
    "xxx",      "xyz",     "za",      "zone",
});
static_assert(std::ranges::is_sorted(common_endings));

// Endings of files that are no top level domains: `server.js/`, `main.cpp:12`.
constexpr std::array file_endings = std::to_array<std::string_view>({
    "bak", "c",    "cfg",  "conf", "cpp",  "css",  "csv", "diff", "exe",  "gif",
    "go",  "gz",   "h",    "hpp",  "htm",  "html", "ini", "java", "jpeg", "jpg",
    "js",  "json", "jsx",  "kt",   "lock", "log",  "pdf", "php",  "png",  "sql",
    "svg", "tar",  "toml", "ts",   "tsx",  "txt",  "xml", "yaml", "yml",
});
static_assert(std::ranges::is_sorted(file_endings));

bool is_foreign(char c) {
  return (static_cast<unsigned char>(c) & 0x80) != 0;
}
// The text is folded, but for what a percent sign hid: capitals count as letters all the same.
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_word(char c) {
  return is_letter(c) || is_digit(c) || is_foreign(c);
}
bool is_name(char c) {
  return is_word(c) || c == '-' || c == '.' || c == '_';
}
bool is_slash(char c) {
  return c == '/' || c == '\\';
}
bool is_break(char c) {
  return c == '\t' || c == '\n' || c == '\r';
}
bool is_blank(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == 0x7F;
}

constexpr std::array web_schemes =
    std::to_array<std::string_view>({"ftp", "http", "https", "hxxp", "hxxps", "ws", "wss"});
constexpr std::array code_schemes = std::to_array<std::string_view>({"javascript", "vbscript"});

class Scanner {
 public:
  Scanner(const HostSet& hosts, const OtherHosts& also, TextPurpose purpose, std::string_view text)
      : hosts_(hosts), also_(also), address_(purpose == TextPurpose::address), text_(text) {}

  std::string_view run();

 private:
  char at(std::size_t i) const { return i < text_.size() ? text_[i] : ' '; }
  char before(std::size_t i) const { return i > 0 ? text_[i - 1] : ' '; }
  std::string_view token_at(std::size_t begin, std::size_t end) const {
    return text_.substr(begin, end - begin);
  }

  std::string_view at_colon(std::size_t colon);
  std::string_view at_slashes(std::size_t i);
  std::string_view at_sign(std::size_t i);
  std::string_view at_name(std::size_t begin, std::size_t end);
  std::string_view authority(std::size_t begin, std::string_view scheme, char opener);
  std::string_view behind_host(std::size_t end, char opener) const;
  bool listed(std::string_view host_and_port, std::string_view scheme) const;
  bool followed_as_link(std::size_t end) const;
  bool begins_address(std::size_t begin) const;
  std::size_t next_mark(std::size_t from);

  const HostSet& hosts_;
  const OtherHosts& also_;
  bool address_;
  std::string_view text_;
  std::size_t settled_ = 0;  // bytes up to here belong to a link that was judged
  std::size_t mark_ = 0;     // where the next mark of a data address stands, once it was looked for
};

bool Scanner::listed(std::string_view host_and_port, std::string_view scheme) const {
  const std::size_t bracket = host_and_port.rfind(']');
  const std::size_t colon = host_and_port.rfind(':');
  const bool ported =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  const std::string_view host = ported ? host_and_port.substr(0, colon) : host_and_port;
  std::string_view port = ported ? host_and_port.substr(colon + 1) : std::string_view{};
  if (!canonical_host(host)) return false;
  if (port == "443" && scheme != "http") port = {};
  if (port == "80" && scheme != "https") port = {};
  return hosts_.contains(host, port) || (port.empty() && also_ && also_(host));
}

// What may stand behind the host of a link. A reader that takes these bytes into the host would see
// another one.
std::string_view Scanner::behind_host(std::size_t end, char opener) const {
  const char next = at(end);
  if (end >= text_.size() || next == '/' || next == '?' || next == '#') return {};
  if (next == '\\' || next == '@' || next == '%') return unclear;
  if (is_break(next)) {
    // Browsers drop line breaks inside a link; in quotes, or before what continues a host, the
    // host may go on.
    std::size_t on = end;
    while (on < text_.size() && is_break(text_[on])) ++on;
    const bool quoted = opener == '"' || opener == '\'' || opener == '<' || opener == '`' ||
                        opener == '=' || opener == '(';
    const bool continues = at(on) == '.' || at(on) == '@' || at(on) == ':' || at(on) == '-';
    return quoted || continues ? unclear : std::string_view{};
  }
  // Marks that some readers take for a part of the host: nothing of a host may follow them.
  for (std::size_t i = end; i < text_.size(); ++i) {
    const char c = text_[i];
    if (is_blank(c) || c == '<' || c == '>' || c == '[' || c == ']' || c == '^' || c == '|') {
      return {};
    }
    if (is_word(c) || is_slash(c) || c == '@' || c == '%') return unclear;
  }
  return {};
}

// Judges the authority that begins here. `opener` stands before the link.
std::string_view Scanner::authority(std::size_t begin, std::string_view scheme, char opener) {
  std::size_t end = begin;
  if (at(begin) == '[') {
    end = text_.find(']', begin);
    if (end == std::string_view::npos) return unclear;
    ++end;
  }
  while (end < text_.size() && (is_name(text_[end]) || text_[end] == ':')) ++end;
  const bool goes_on = end < text_.size() && !is_blank(text_[end]);
  std::size_t host_end = end;
  // The full stop or colon of the sentence; inside a link it would be a part of it.
  while (host_end > begin &&
         (text_[host_end - 1] == '.' || text_[host_end - 1] == ':' || text_[host_end - 1] == '_')) {
    --host_end;
  }
  if (goes_on && host_end != end && (at(end) == '/' || at(end) == '?' || at(end) == '#')) {
    return unclear;
  }
  if (host_end == begin) return unclear;
  if (!listed(token_at(begin, host_end), scheme)) return foreign;
  if (std::string_view wrong = behind_host(end, opener); !wrong.empty()) return wrong;
  settled_ = end;
  // The path of a link to a listed host holds no other hosts; its query may.
  if (at(end) == '/') {
    while (settled_ < text_.size() && (is_name(text_[settled_]) || text_[settled_] == '/')) {
      ++settled_;
    }
  }
  return {};
}

// What ends the type of a data address, or the address. Colons are looked at from left to right, so
// a mark that was found stands for all of them before it: the text is gone through once.
std::size_t Scanner::next_mark(std::size_t from) {
  if (mark_ < from) mark_ = std::min(text_.find_first_of("/,; \t\r\n", from), text_.size());
  return mark_;
}

std::string_view Scanner::at_colon(std::size_t colon) {
  std::size_t begin = colon;
  while (begin > settled_ &&
         (is_letter(text_[begin - 1]) || is_digit(text_[begin - 1]) || text_[begin - 1] == '+' ||
          text_[begin - 1] == '-' || text_[begin - 1] == '.')) {
    --begin;
  }
  while (begin < colon && !is_letter(text_[begin])) ++begin;
  const std::string_view scheme = token_at(begin, colon);
  const bool web = std::ranges::find(web_schemes, scheme) != web_schemes.end();
  std::size_t from = colon + 1, slashes = 0, breaks = 0;
  for (; from < text_.size() && (is_slash(text_[from]) || (web && is_break(text_[from]))); ++from) {
    (is_slash(text_[from]) ? slashes : breaks) += 1;
  }
  const bool named = is_name(at(from)) || at(from) == '[' || at(from) == '@' || at(from) == '%';
  if (std::ranges::find(code_schemes, scheme) != code_schemes.end()) {
    return is_blank(at(colon + 1)) ? std::string_view{} : unclear;
  }
  if (scheme == "data" &&
      (is_letter(at(colon + 1)) || at(colon + 1) == ',' || at(colon + 1) == ';')) {
    const std::size_t mark = next_mark(colon + 1);
    if (mark < text_.size() && !is_blank(text_[mark])) return unclear;
  }
  if (slashes < 2 && !web) return {};
  if (!named) return slashes > 2 ? unclear : std::string_view{};
  const std::string_view marks = token_at(colon + 1, from);
  if (scheme.size() == 1 && marks == "\\\\") return {};  // a drive letter in escaped text
  if (marks != "//") return unclear;
  if (web && scheme.starts_with("hxxp")) return unclear;
  return authority(from, scheme, before(begin));
}

// Two slashes without a scheme, either way round.
std::string_view Scanner::at_slashes(std::size_t i) {
  const char previous = before(i);
  if (is_word(previous) || is_slash(previous) || previous == '.' || previous == '-' ||
      previous == '_' || previous == ':') {
    return {};
  }
  const std::size_t from = i + 2;
  if (!is_name(at(from)) && at(from) != '[') return {};
  if (token_at(i, from) == "//") return authority(from, {}, previous);
  if (token_at(i, from) != "\\\\") return unclear;
  // `\\host\share`; a lone letter is an escape in source code.
  std::size_t end = from;
  while (end < text_.size() && is_name(text_[end])) ++end;
  if (end - from < 2 || !is_slash(at(end))) return {};
  return listed(token_at(from, end), {}) ? std::string_view{} : foreign;
}

std::string_view Scanner::at_sign(std::size_t i) {
  const char previous = before(i);
  if (is_blank(previous)) return {};
  if (at(i + 1) == '[') return unclear;
  std::size_t end = i + 1;
  while (end < text_.size() && is_name(text_[end])) ++end;
  std::size_t host_end = end;
  while (host_end > i + 1 && (text_[host_end - 1] == '.' || text_[host_end - 1] == '-')) --host_end;
  const std::string_view host = token_at(i + 1, host_end);
  if (host.find('.') == std::string_view::npos) return {};
  if (!listed(host, {})) return foreign;
  settled_ = host_end;
  return {};
}

// Whether what follows a bare name makes it a link: a path, a port, a query.
bool Scanner::followed_as_link(std::size_t end) const {
  const char next = at(end);
  if (is_slash(next)) return true;
  if (next == ':') return is_digit(at(end + 1));
  return (next == '?' || next == '#') && is_word(at(end + 1));
}

// Whether an address could begin here, in a text that is there to hold some. What stands behind a
// slash or in a query belongs to one that began before.
bool Scanner::begins_address(std::size_t begin) const {
  const char previous = before(begin);
  return address_ && (is_blank(previous) || std::string_view(",;|<>()[]{}\"'`").contains(previous));
}

// One number is an IPv4 address to browsers and to libc: `0`, `2130706433`, `0x7f000001`.
bool is_ipv4_number(std::string_view name) {
  const bool hex = name.starts_with("0x");
  const std::string_view digits = hex ? "0123456789abcdef" : "0123456789";
  if (hex) name.remove_prefix(2);
  return !name.empty() && name.find_first_not_of(digits) == std::string_view::npos;
}

std::string_view Scanner::at_name(std::size_t begin, std::size_t end) {
  std::size_t last = end;
  while (last > begin && !is_word(text_[last - 1])) --last;
  std::size_t first = begin;
  while (first < last && !is_word(text_[first])) ++first;
  const std::string_view name = token_at(first, last);
  const bool followed = last == end && followed_as_link(end);
  const bool begins = begins_address(begin);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) {
    const bool alone =
        (begin == 0 || !is_blank(before(begin))) && (last == text_.size() || followed);
    const bool number = begins && alone && is_ipv4_number(name);
    const bool here = number || (name == "localhost" && (followed || begins));
    return here && !hosts_.contains(name) ? foreign : std::string_view{};
  }
  if (is_slash(before(begin)) && !name.starts_with("www.")) return {};  // a part of a path
  const std::string_view ending = name.substr(dot + 1);
  const bool lettered = ending.size() > 1 && std::ranges::none_of(ending, is_digit);
  const bool numeric = name.find_first_not_of("0123456789.") == std::string_view::npos &&
                       std::ranges::count(name, '.') == 3;
  const bool file = std::ranges::binary_search(file_endings, ending);
  const bool host = begins || name.starts_with("www.") || ending.starts_with("xn--") ||
                    std::ranges::binary_search(common_endings, ending) ||
                    (followed && (numeric || (lettered && !file)));
  if (!host) return {};
  std::size_t port_end = last;
  if (last == end && at(end) == ':' && is_digit(at(end + 1))) {
    port_end = end + 1;
    while (is_digit(at(port_end))) ++port_end;
  }
  if (!listed(token_at(first, port_end), {})) return foreign;
  settled_ = port_end;
  return {};
}

std::string_view Scanner::run() {
  for (std::size_t i = 0; i < text_.size();) {
    const char c = text_[i];
    std::string_view wrong;
    std::size_t next = i + 1;
    if (c == ':') {
      wrong = at_colon(i);
    } else if (i < settled_) {
      // Only a scheme is looked for inside a link.
    } else if (is_slash(c) && is_slash(at(i + 1))) {
      wrong = at_slashes(i);
    } else if (c == '[' && begins_address(i)) {
      wrong = authority(i, {}, before(i));
      next = std::max(next, settled_);
    } else if (c == '@') {
      wrong = at_sign(i);
    } else if (is_name(c)) {
      while (next < text_.size() && is_name(text_[next])) ++next;
      // A name before `://` or `@` is a scheme or a person.
      const bool scheme = at(next) == ':' && is_slash(at(next + 1));
      if (!scheme && at(next) != '@') wrong = at_name(i, next);
    }
    if (!wrong.empty()) return wrong;
    i = next;
  }
  return {};
}

}  // namespace

bool names_address(std::string_view argument_name) {
  constexpr std::array words = std::to_array<std::string_view>(
      {"address",   "addresses", "callback", "domain",   "domains",   "endpoint", "endpoints",
       "feed",      "fqdn",      "host",     "hostname", "hostnames", "hosts",    "href",
       "hyperlink", "iri",       "link",     "links",    "origin",    "proxy",    "redirect",
       "server",    "servers",   "site",     "sites",    "src",       "uri",      "uris",
       "url",       "urls",      "webhook",  "webhooks", "webpage",   "website",  "websites"});
  return std::ranges::any_of(words_of(argument_name), [&](const std::string& word) {
    return std::ranges::find(words, word) != words.end();
  });
}

void know_purpose(ArgumentRule& rule, const Shape* arguments) {
  bool address = names_address(rule.plural);
  for (const Step& step : rule.path) {
    if (!step.each) address = names_address(step.name);
  }
  const Shape* shape = arguments;
  for (const Step& step : rule.path) {
    if (shape == nullptr) break;
    if (step.each) {
      shape = shape->element.get();
      continue;
    }
    while (shape != nullptr && shape->element != nullptr) shape = shape->element.get();
    const Shape::Property* property = shape == nullptr ? nullptr : shape->find(step.name);
    shape = property == nullptr ? nullptr : &property->shape;
  }
  for (; shape != nullptr; shape = shape->element.get()) address = address || shape->address;
  for (Check& check : rule.checks) {
    if (check.kind == CheckKind::hosts_in) check.address = address;
  }
}

std::string_view check_links(const HostSet& hosts, std::string_view text, TextPurpose purpose) {
  return check_links(hosts, text, purpose, OtherHosts());
}

std::string_view check_links(const HostSet& hosts, std::string_view text, TextPurpose purpose,
                             const OtherHosts& also) {
  const bool plain = is_ascii(text) && text.find_first_of(".:@/\\%&[({") == std::string_view::npos;
  // A plain address may still be a number or `localhost`.
  const bool named =
      purpose == TextPurpose::address && (std::ranges::any_of(text, is_digit) ||
                                          lower_ascii(text).find("localhost") != std::string::npos);
  if (plain && !named) return {};
  std::string current = fold_link_text(text);
  for (unsigned round = 0; round < link_rounds_max; ++round) {
    if (std::string_view wrong = Scanner(hosts, also, purpose, current).run(); !wrong.empty())
      return wrong;
    std::string undone = undo_escapes(current);
    if (undone == current) return {};
    current = std::move(undone);
  }
  return "holds characters that are escaped too many times";
}

}  // namespace pawl
