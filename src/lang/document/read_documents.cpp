// From a text to the documents in it.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "lang/document/manifest.h"

namespace pawl::document {
namespace {

// A value of JSON as a node of YAML: one tree for both.
yaml::Node node_of(json::View value) {
  yaml::Node out;
  switch (value.kind()) {
    case json::Kind::null:
      return out;
    case json::Kind::boolean:
    case json::Kind::integer:
    case json::Kind::natural:
    case json::Kind::number:
      out.kind = yaml::Kind::scalar;
      out.text = json::write(value);
      return out;
    case json::Kind::string:
      out.kind = yaml::Kind::scalar;
      out.text = value.string();
      out.quoted = true;
      return out;
    case json::Kind::array:
      out.kind = yaml::Kind::sequence;
      for (const json::View item : value.elements()) out.items.push_back(node_of(item));
      return out;
    case json::Kind::object:
      out.kind = yaml::Kind::map;
      for (const auto [key, member] : value.members()) {
        out.entries.push_back({std::string(key), {}, node_of(member)});
      }
      return out;
  }
  return out;
}

Result<yaml::Node> read_json(std::string_view text) {
  const auto document = json::parse(text, {.bytes_max = manifest_bytes_max, .depth_max = 64});
  if (!document)
    return fail(ErrorKind::invalid, "is not one document of JSON that is read in one way");
  return node_of(document->root());
}

Result<yaml::Node> read_yaml(std::string_view text) {
  yaml::Read read = yaml::read(text, "document", manifest_bytes_max, yaml::Mistakes::one);
  if (!read.errors.empty()) {
    const Position& at = read.errors.front().at;
    return fail(
        ErrorKind::invalid,
        fmt::format("holds YAML that is not read in one way (line {} of a document)", at.line));
  }
  return std::move(read.root);
}

bool only_blank(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == ' ' || c == '\n'; });
}

// Nothing but blanks and comments: no document at all.
bool nothing(std::string_view text) {
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view said = trim(line);
    if (!said.empty() && said[0] != '#') return false;
  }
  return true;
}

// The texts between lines of `---`. Such a line ends a document wherever it stands, also in the
// middle of a quoted text; some readers take every line that begins so, and drop its rest.
Result<std::vector<std::string_view>> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t stop = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, stop - at);
    if (line.starts_with("..."))
      return fail(ErrorKind::invalid, "holds a line that begins with `...`");
    if (line.starts_with("---")) {
      const std::string_view rest = line.substr(3);
      if (!only_blank(rest) && !rest.starts_with(" #")) {
        return fail(ErrorKind::invalid, "holds a line with something behind its `---`");
      }
      parts.push_back(text.substr(begin, at - begin));
      begin = std::min(stop + 1, text.size());
    }
    if (stop == text.size()) break;
    at = stop + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

}  // namespace

Result<std::vector<yaml::Node>> read_documents(std::string_view text) {
  if (text.size() > manifest_bytes_max) {
    return fail(ErrorKind::invalid, fmt::format("is longer than {} bytes", manifest_bytes_max));
  }
  // Characters that end a line for some readers of YAML and not for others.
  for (const std::string_view sign : {"\r", "\t", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"}) {
    if (text.contains(sign)) return fail(ErrorKind::invalid, "holds tabs or unusual line ends");
  }
  const auto parts = parts_of(text);
  PAWL_TRY(parts);
  std::vector<yaml::Node> out;
  for (const std::string_view part : *parts) {
    if (nothing(part)) continue;
    if (out.size() == manifest_documents_max) {
      return fail(ErrorKind::invalid,
                  fmt::format("holds more than {} documents", manifest_documents_max));
    }
    auto node = trim(part).starts_with('{') ? read_json(part) : read_yaml(part);
    PAWL_TRY(node);
    out.push_back(std::move(*node));
  }
  if (out.empty()) return fail(ErrorKind::invalid, "holds no document");
  return out;
}

}  // namespace pawl::document
