#include "kernel/origin/forms.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::size_t account_least = 15;
constexpr std::size_t account_most = 34;
constexpr std::size_t number_bytes_max = 40;
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> usual_ports = {
    {{"https", ":443"}, {"http", ":80"}}};

bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string one_blank_each(std::string_view text) {
  std::string out;
  for (const char c : trim(text)) {
    if (!blank(c)) {
      out += c;
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

// Digits in groups of three between commas, as a person writes them.
bool grouped(std::string_view whole) {
  const auto groups = split(whole, ',');
  if (groups.front().size() > 3 || !all_digits(groups.front())) return false;
  return std::ranges::all_of(groups.begin() + 1, groups.end(), [](std::string_view group) {
    return group.size() == 3 && all_digits(group);
  });
}

// `2026-01-31`
bool is_day(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' && all_digits(text.substr(0, 4)) &&
         all_digits(text.substr(5, 2)) && all_digits(text.substr(8, 2));
}

}  // namespace

bool comparable(std::string_view text) {
  if (text.empty() || text.size() > origin_value_bytes_max || !valid_utf8(text)) return false;
  return !has_hidden_characters(text) && (is_ascii(text) || compose(text) == text);
}

std::string number_form(std::string_view text) {
  if (text.size() > number_bytes_max) return {};
  std::string sign;
  if (text.starts_with('-')) {
    sign = "-";
    text.remove_prefix(1);
  }
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string_view part = point == std::string_view::npos ? "" : text.substr(point + 1);
  if (point != std::string_view::npos && !all_digits(part)) return {};
  if (!all_digits(whole) && !grouped(whole)) return {};
  std::string out;
  for (const char c : whole) {
    if (is_digit(c) && (c != '0' || !out.empty())) out += c;
  }
  if (out.empty()) out = "0";
  while (part.ends_with('0')) part.remove_suffix(1);
  if (!part.empty()) (out += '.') += part;
  return out == "0" ? out : sign + out;
}

std::string account_form(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ') continue;
    if (!is_digit(c) && !letter(c)) return {};
    out += c;
  }
  if (out.size() < account_least || out.size() > account_most) return {};
  const bool shaped = letter(out[0]) && letter(out[1]) && is_digit(out[2]) && is_digit(out[3]);
  return shaped ? lower_ascii(out) : std::string{};
}

std::string time_form(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon > 2 || !all_digits(text.substr(0, colon))) return {};
  const std::string_view minutes = text.substr(colon + 1, 2);
  const std::string_view behind = text.substr(std::min(text.size(), colon + 3));
  if (minutes.size() != 2 || !all_digits(minutes) || (!behind.empty() && behind != ":00"))
    return {};
  return std::string(2 - colon, '0') + std::string(text.substr(0, colon + 3));
}

std::string date_form(std::string_view text) {
  if (!is_day(text.substr(0, 10))) return {};
  std::string out(text.substr(0, 10));
  if (text.size() == 10) return out;
  if (text[10] != ' ' && text[10] != 'T' && text[10] != 't') return {};
  const std::string time = time_form(text.substr(11));
  return time.empty() ? std::string{} : out + "T" + time;
}

std::optional<PageForm> page_form(std::string_view text) {
  if (std::ranges::any_of(text, blank) || text.find('@') != std::string_view::npos) return {};
  PageForm page;
  const std::size_t mark = text.find("://");
  if (mark != std::string_view::npos) {
    if (mark == 0 || !std::ranges::all_of(text.substr(0, mark), letter)) return {};
    page.scheme = lower_ascii(text.substr(0, mark));
    text.remove_prefix(mark + 3);
  }
  const std::size_t slash = std::min(text.size(), text.find_first_of("/?#"));
  const std::string_view host = text.substr(0, slash);
  const std::size_t dot = host.find('.');
  if (dot == std::string_view::npos || dot == 0 || host.ends_with('.')) return {};
  std::string folded = fold(host);
  for (const auto& [scheme, port] : usual_ports) {
    const bool scheme_has_it = page.scheme.empty() ? port == ":443" : page.scheme == scheme;
    if (scheme_has_it && folded.ends_with(port)) folded.resize(folded.size() - port.size());
  }
  page.rest = std::string(without_www(folded)) + std::string(text.substr(slash));
  if (page.rest.ends_with('/')) page.rest.pop_back();
  return page;
}

bool same_page(const PageForm& named, const PageForm& wanted) {
  const bool schemes = named.scheme.empty() || wanted.scheme.empty() ||
                       named.scheme == wanted.scheme ||
                       (named.scheme == "http" && wanted.scheme == "https");
  return schemes && named.rest == wanted.rest;
}

std::string_view without_www(std::string_view host) {
  constexpr std::string_view www = "www.";
  // `www.com` is a host of its own.
  const bool more = host.find('.', www.size()) != std::string_view::npos;
  return more && host.starts_with(www) ? host.substr(www.size()) : host;
}

std::string path_form(std::string_view text) {
  if (text.find('/') == std::string_view::npos || !comparable(text)) return {};
  if (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
  const auto parts = split(text.starts_with('/') ? text.substr(1) : text, '/');
  const bool clean = std::ranges::none_of(parts, [](std::string_view part) {
    return part.empty() || part == "." || part == ".." || part.front() == '~' ||
           part.find_first_of("\\$%:\n\t") != std::string_view::npos;
  });
  return clean ? std::string(text) : std::string{};
}

std::string host_form(std::string_view text) {
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    const std::string_view domain = text.substr(at + 1);
    if (at == 0 || domain.find_first_of("@/:?# ") != std::string_view::npos) return {};
    text = domain;
  }
  const auto page = page_form(text);
  return page ? page->rest.substr(0, page->rest.find_first_of("/?#:")) : std::string{};
}

Forms forms_of_text(std::string_view text) {
  if (!comparable(text)) return {};
  Forms forms;
  if (text.find("://") != std::string_view::npos) {
    const auto page = page_form(text);
    if (page) forms.push_back("u:" + page->scheme + "://" + page->rest);
    return forms;
  }
  // A path is compared as it is spelled, without a slash at its end.
  const std::string path = path_form(text);
  forms.push_back("t:" + (path.empty() ? one_blank_each(fold(text)) : path));
  if (std::string account = account_form(text); !account.empty()) forms.push_back("i:" + account);
  if (std::string date = date_form(text); !date.empty()) forms.push_back("d:" + date);
  return forms;
}

Forms forms_of(json::View scalar) {
  switch (scalar.kind()) {
    case json::Kind::string:
      return forms_of_text(scalar.string());
    case json::Kind::integer:
    case json::Kind::natural:
    case json::Kind::number: {
      const std::string form = number_form(json::write(scalar));
      return form.empty() ? Forms{} : Forms{"n:" + form};
    }
    case json::Kind::null:
    case json::Kind::boolean:
    case json::Kind::array:
    case json::Kind::object:
      return {};
  }
  return {};
}

}  // namespace pawl
