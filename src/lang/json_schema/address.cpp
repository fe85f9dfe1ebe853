#include "lang/json_schema/address.h"

#include <charconv>

#include "base/json_pointer.h"
#include "base/text.h"

namespace pawl::json_schema {
namespace {

struct Parts {
  std::string_view scheme, authority, path, query;  // the marks before or behind included
};

Parts parts_of(std::string_view text) {
  Parts out;
  const std::size_t colon = text.find_first_of(":/?");
  if (colon != std::string_view::npos && colon > 0 && text[colon] == ':') {
    out.scheme = text.substr(0, colon + 1);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    const std::size_t end = std::min(text.find_first_of("/?", 2), text.size());
    out.authority = text.substr(0, end);
    text.remove_prefix(end);
  }
  const std::size_t question = std::min(text.find('?'), text.size());
  out.path = text.substr(0, question);
  out.query = text.substr(question);
  return out;
}

std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool rooted = path.starts_with('/');
  const std::vector<std::string_view> pieces = split(path, '/');
  for (std::size_t i = rooted ? 1 : 0; i < pieces.size(); ++i) {
    const bool last = i + 1 == pieces.size();
    if (pieces[i] == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (pieces[i] != ".") {
      kept.push_back(pieces[i]);
      continue;
    }
    if (last) kept.emplace_back();
  }
  std::string out = rooted ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) out += '/';
    out += kept[i];
  }
  return out;
}

std::string joined(const Parts& parts, std::string_view path) {
  std::string out(parts.scheme);
  out.append(parts.authority).append(path).append(parts.query);
  return out;
}

}  // namespace

std::string resolve(std::string_view base, std::string_view reference) {
  if (reference.empty()) return std::string(base);
  Parts to = parts_of(reference);
  if (!to.scheme.empty()) return joined(to, without_dots(to.path));
  const Parts from = parts_of(base);
  to.scheme = from.scheme;
  if (!to.authority.empty()) return joined(to, without_dots(to.path));
  to.authority = from.authority;
  if (to.path.empty()) {
    if (to.query.empty()) to.query = from.query;
    return joined(to, from.path);
  }
  if (to.path.starts_with('/')) return joined(to, without_dots(to.path));
  std::string path(from.path.substr(0, from.path.rfind('/') + 1));
  if (path.empty() && !from.authority.empty()) path = "/";
  return joined(to, without_dots(path + std::string(to.path)));
}

Split split_fragment(std::string_view reference) {
  const std::size_t hash = reference.find('#');
  if (hash == std::string_view::npos) return {reference, {}};
  return {reference.substr(0, hash), reference.substr(hash + 1)};
}

std::optional<std::string> unescape_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    std::string byte;
    if (!unhex(text.substr(i + 1, 2), byte) || byte.size() != 1) return std::nullopt;
    out += byte;
    i += 2;
  }
  return out;
}

std::optional<std::vector<std::string>> pointer_tokens(std::string_view pointer) {
  std::vector<std::string> out;
  if (pointer.empty()) return out;
  if (pointer.front() != '/') return std::nullopt;
  for (std::string_view raw : split(pointer.substr(1), '/')) {
    std::string& token = out.emplace_back();
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '~') {
        token += raw[i];
        continue;
      }
      const char next = i + 1 < raw.size() ? raw[i + 1] : '\0';
      if (next != '0' && next != '1') return std::nullopt;
      token += next == '0' ? '~' : '/';
      ++i;
    }
  }
  return out;
}

json::View step(json::View at, std::string_view token) {
  if (at.is_object()) return at[token];
  if (!at.is_array() || token.empty() || (token.size() > 1 && token.front() == '0')) return {};
  std::uint32_t index = 0;
  const auto [end, wrong] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (wrong != std::errc() || end != token.data() + token.size()) return {};
  for (json::View element : at.elements()) {
    if (index == 0) return element;
    --index;
  }
  return {};
}

std::string pointer_of(const json::Document& document, std::uint32_t node) {
  std::string out;
  std::uint32_t at = 0;
  while (at < node) {
    const json::Node& here = document.node(at);
    std::uint32_t child = at + 1;
    if (here.kind == json::Kind::object) {
      while (node >= document.node(child + 1).end) child = document.node(child + 1).end;
      if (node == child) return out;
      json::append_pointer(document.bytes(document.node(child)), out);
      at = child + 1;
      continue;
    }
    std::uint32_t index = 0;
    for (; node >= document.node(child).end; ++index) child = document.node(child).end;
    json::append_pointer(std::uint64_t{index}, out);
    at = child;
  }
  return out;
}

}  // namespace pawl::json_schema
