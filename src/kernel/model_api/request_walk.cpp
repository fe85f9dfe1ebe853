#include "kernel/model_api/request_walk.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json_pointer.h"
#include "base/sum.h"
#include "base/text.h"
#include "kernel/constraint/url_text.h"

namespace pawl {
namespace {

// What a value costs besides its text: quotes, name, colon, comma, and blanks of a template.
constexpr std::uint64_t tokens_of_value = 8;
// Marks around a message, and its role.
constexpr std::uint64_t tokens_of_message = 16;
// A sealed text may be compressed: a token for each byte and three more.
constexpr std::uint64_t tokens_of_sealed_byte = 4;
// Longest text of a number in JSON.
constexpr std::uint64_t tokens_of_number = 24;

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t id_bytes_max = 512;

// `maxOutputTokens` of `max_output_tokens`: names of Gemini come in both spellings.
std::string in_camel_case(std::string_view name) {
  std::string out;
  bool up = false;
  for (const char c : name) {
    if (c == '_') {
      up = true;
      continue;
    }
    out += up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    up = false;
  }
  return out;
}

// The host of an address, with its port where it is not the scheme's own; nothing where another
// reader could find another one.
std::optional<std::string> host_of(std::string_view address) {
  UrlParts parts;
  if (!read_url(address, parts).empty()) return std::nullopt;
  if (parts.scheme != "https" && parts.scheme != "http") return std::nullopt;
  std::string host(parts.host);
  if (!parts.port.empty()) host.append(":").append(parts.port);
  return host;
}

}  // namespace

std::string table_name(ModelApi api, std::string_view name) {
  const bool other =
      api == ModelApi::gemini_generate && name.contains('_') && name.size() <= name_bytes_max;
  return other ? in_camel_case(name) : std::string(name);
}

std::uint64_t token_bytes(std::string_view text) {
  if (is_ascii(text)) return text.size();
  return std::max(text.size(), compose(text).size());
}

RequestWalk::RequestWalk(ModelApi api) : api_(api), table_(request_table(api)) {}

Status RequestWalk::walk(json::View body) {
  if (!body.is_object()) return fail(ErrorKind::invalid, "a request must be a JSON object");
  return object(body, *table_.body);
}

std::unexpected<Error> RequestWalk::wrong(std::string_view what) const {
  return fail(ErrorKind::invalid, fmt::format("{}: {}", pointer_, what));
}

std::unexpected<Error> RequestWalk::outside(std::string_view what) const {
  return fail(ErrorKind::refused, fmt::format("{}: {}", pointer_, what));
}

void RequestWalk::without_bound(std::string_view why) {
  if (unbounded_.empty()) unbounded_ = fmt::format("{}: {}", pointer_, why);
}

const MemberRow* RequestWalk::row_of(std::string_view name, const RequestShape& shape,
                                     std::size_t& at) const {
  std::string own;
  if (api_ == ModelApi::gemini_generate) {
    own = table_name(api_, name);
    name = own;
  }
  const auto found = std::ranges::find(shape.members, name, &MemberRow::name);
  if (found == shape.members.end()) return nullptr;
  at = static_cast<std::size_t>(found - shape.members.begin());
  return &*found;
}

json::View RequestWalk::member(json::View object, std::string_view name) const {
  const json::View plain = object[name];
  if (plain.exists() || api_ != ModelApi::gemini_generate) return plain;
  for (const auto [key, value] : object.members()) {
    if (table_name(api_, key) == name) return value;
  }
  return {};
}

Status RequestWalk::object(json::View value, const RequestShape& shape) {
  if (!value.is_object()) return wrong("must be an object");
  if (!shape.by.empty()) return variant(value, shape);
  return members(value, shape);
}

Status RequestWalk::variant(json::View value, const RequestShape& shape) {
  const json::View said = value[shape.by];
  std::string_view type = shape.usual;
  if (said.exists() && !said.is_null()) {
    if (!said.is_string()) return wrong(fmt::format("`{}` must be a text", shape.by));
    type = said.string();
  }
  if (type.empty()) return wrong(fmt::format("`{}` is missing", shape.by));
  const auto found = std::ranges::find(shape.variants, type, &ShapeVariant::type);
  if (found == shape.variants.end()) return outside("unknown type: " + in_backticks(type));
  if (!found->effect.empty()) effects.emplace(found->effect);
  if (found->more_input) without_bound(fmt::format("what `{}` adds to the input", found->type));
  tokens_ = sum_of(tokens_, found->tokens);
  return members(value, *found->shape);
}

Status RequestWalk::members(json::View value, const RequestShape& shape) {
  const std::size_t length = pointer_.size();
  std::vector<bool> seen(shape.members.size(), false);
  bool needed = shape.needs.empty();
  for (const auto [name, inner] : value.members()) {
    std::size_t at = 0;
    const MemberRow* const row = row_of(name, shape, at);
    json::append_pointer(name.substr(0, name_bytes_max), pointer_);
    if (row == nullptr) return outside("unknown member");
    if (seen[at]) return outside("this member stands twice, in two spellings");
    seen[at] = true;
    if (!inner.is_null()) {
      needed = needed || row->name == shape.needs;
      tokens_ = sum_of(tokens_, tokens_of_value);
      PAWL_TRY(member_value(*row, inner, value));
    }
    pointer_.resize(length);
  }
  if (!needed) return wrong(fmt::format("`{}` is missing", shape.needs));
  return {};
}

Status RequestWalk::member_value(const MemberRow& row, json::View value, json::View owner) {
  switch (row.kind) {
    case MemberKind::word:
    case MemberKind::words:
    case MemberKind::text:
    case MemberKind::said:
    case MemberKind::sealed:
      return texts(row, value);
    case MemberKind::flag:
      if (value.kind() != json::Kind::boolean) return wrong("must be true or false");
      return {};
    case MemberKind::number:
      if (!value.is_number()) return wrong("must be a number");
      return {};
    case MemberKind::free:
      free_value(value);
      return {};
    case MemberKind::embedded:
      return embedded(value);
    case MemberKind::outside:
      return {};
    case MemberKind::object:
    case MemberKind::list:
    case MemberKind::said_or_list:
    case MemberKind::word_or_object:
      return structure(row, value);
    case MemberKind::effect:
    case MemberKind::input_effect:
      return effect(row, value);
    case MemberKind::reference:
    case MemberKind::references:
      return reference(row, value);
    case MemberKind::hosted_mcp:
    case MemberKind::image:
    case MemberKind::image_url:
    case MemberKind::binary:
    case MemberKind::inline_file:
    case MemberKind::file_url:
    case MemberKind::file_uri:
      return media(row, value, owner);
  }
  return {};
}

Status RequestWalk::texts(const MemberRow& row, json::View value) {
  if (row.kind == MemberKind::words) {
    if (!value.is_array()) return wrong("must be a list of texts");
    for (const json::View one : value.elements()) {
      if (!one.is_string()) return wrong("must be a list of texts");
      tokens_ = sum_of(tokens_, token_bytes(one.string()) + tokens_of_value);
    }
    return {};
  }
  if (!value.is_string()) return wrong("must be a text");
  if (row.kind == MemberKind::word) return {};
  if (row.kind == MemberKind::said) said_.add(value.string());
  const std::uint64_t each = row.kind == MemberKind::sealed ? tokens_of_sealed_byte : 1;
  tokens_ = sum_of(tokens_, each * token_bytes(value.string()));
  return {};
}

// A text, texts, tokens, or lists of tokens.
Status RequestWalk::embedded(json::View value) {
  if (value.is_string()) {
    tokens_ = sum_of(tokens_, token_bytes(value.string()));
    return {};
  }
  if (!value.is_array()) return wrong("must be a text or a list");
  for (const json::View one : value.elements()) {
    if (one.is_string()) {
      tokens_ = sum_of(tokens_, token_bytes(one.string()) + tokens_of_value);
    } else if (one.is_integer() && one.integer() >= 0) {
      tokens_ = sum_of(tokens_, 1);
    } else if (one.is_array()) {
      for (const json::View token : one.elements()) {
        if (!token.is_integer() || token.integer() < 0) return wrong("must be a list of tokens");
      }
      tokens_ = sum_of(tokens_, one.size() + tokens_of_value);
    } else {
      return wrong("must be a list of texts or tokens");
    }
  }
  return {};
}

Status RequestWalk::structure(const MemberRow& row, json::View value) {
  if (row.kind == MemberKind::said_or_list && value.is_string()) {
    said_.add(value.string());
    tokens_ = sum_of(tokens_, token_bytes(value.string()));
    if (row.name == table_.messages && pointer_.rfind('/') == 0) {
      message_tokens_.push_back(token_bytes(value.string()) + tokens_of_message);
    }
    return {};
  }
  if (row.kind == MemberKind::object) return object(value, *row.shape);
  if (row.kind == MemberKind::word_or_object) {
    return value.is_string() ? Status() : object(value, *row.shape);
  }
  return list(row, value);
}

// Elements of the list of messages are counted one by one. Gemini takes an object for a list of
// one.
Status RequestWalk::list(const MemberRow& row, json::View value) {
  const bool messages = row.name == table_.messages && pointer_.rfind('/') == 0;
  const bool single = api_ == ModelApi::gemini_generate && value.is_object();
  if (!value.is_array() && !single) {
    return wrong(row.kind == MemberKind::list ? "must be a list" : "must be a text or a list");
  }
  const std::size_t length = pointer_.size();
  std::uint64_t index = 0;
  const auto one = [&](json::View element) -> Status {
    const std::uint64_t before = tokens_;
    if (!single) json::append_pointer(index++, pointer_);
    PAWL_TRY(object(element, *row.shape));
    tokens_ = sum_of(tokens_, messages ? tokens_of_message : tokens_of_value);
    if (messages) message_tokens_.push_back(tokens_ - before);
    pointer_.resize(length);
    return {};
  };
  if (single) return one(value);
  for (const json::View element : value.elements()) PAWL_TRY(one(element));
  return {};
}

Status RequestWalk::effect(const MemberRow& row, json::View value) {
  if (value.kind() == json::Kind::boolean && !value.boolean()) return {};
  free_value(value);
  effects.emplace(row.what);
  if (row.kind == MemberKind::input_effect) {
    without_bound(fmt::format("what `{}` adds to the input", row.what));
  }
  return {};
}

Status RequestWalk::reference(const MemberRow& row, json::View value) {
  const auto keep = [&](json::View id) -> Status {
    if (!id.is_string()) return wrong("must be an id");
    if (id.string().size() > id_bytes_max) return wrong("is too long for an id");
    references.insert(fmt::format("{}:{}", row.what, id.string()));
    without_bound("what the provider keeps under this id");
    return {};
  };
  if (row.kind == MemberKind::references) {
    if (!value.is_array()) return wrong("must be a list of ids");
    for (const json::View id : value.elements()) PAWL_TRY(keep(id));
    return {};
  }
  if (value.is_object() && row.shape != nullptr) return object(value, *row.shape);
  if (!value.is_object()) return keep(value);
  for (const auto [name, inner] : value.members()) {
    if (name != "id") return outside("unknown member: " + in_backticks(name));
    return keep(inner);
  }
  return wrong("must have an `id`");
}

void RequestWalk::url(std::string_view address, std::string_view of_what) {
  effects.insert(fmt::format("{}:{}", of_what, host_of(address).value_or("unreadable")));
}

void RequestWalk::image() {
  tokens_ = sum_of(tokens_, table_.image_tokens_most);
}

// A file that is not in the request as text: where the provider finds it, and what it costs.
Status RequestWalk::media(const MemberRow& row, json::View value, json::View owner) {
  if (!value.is_string()) return wrong("must be a text");
  const std::string_view said = value.string();
  if (row.kind == MemberKind::hosted_mcp) {
    url(said, "hosted_mcp");
    without_bound("what a server of tools adds to the input");
  } else if (row.kind == MemberKind::image) {
    image();
  } else if (row.kind == MemberKind::image_url) {
    if (!said.starts_with("data:")) url(said, "url");
    image();
  } else if (row.kind == MemberKind::inline_file) {
    const json::View type = member(owner, "mimeType");
    if (type.is_string() && type.string().starts_with("image/")) {
      image();
    } else {
      without_bound("the size of a file that is no image");
    }
  } else if (row.kind == MemberKind::file_uri &&
             host_of(said) == "generativelanguage.googleapis.com") {
    references.insert(fmt::format("file:{}", said.substr(0, id_bytes_max)));
    without_bound("what the provider keeps under this id");
  } else if (row.kind == MemberKind::file_uri || row.kind == MemberKind::file_url) {
    url(said, "url");
    without_bound("the size of a file");
  } else {
    without_bound(row.what);
  }
  return {};
}

// Every text in it, names too, counts as it may be written for the model.
void RequestWalk::free_value(json::View value) {
  const std::span<const json::Node> nodes = value.document()->nodes();
  const std::uint32_t end = nodes[value.index()].end;
  for (std::uint32_t at = value.index(); at < end; ++at) {
    const json::Node& node = nodes[at];
    std::uint64_t tokens = tokens_of_value;
    if (node.kind == json::Kind::string) {
      tokens += token_bytes(value.document()->bytes(node));
    } else if (json::View(value.document(), at).is_number()) {
      tokens += tokens_of_number;
    }
    tokens_ = sum_of(tokens_, tokens);
  }
}

}  // namespace pawl
