#include "doors/console/requests.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace pawl::console {
namespace {

constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kQueryBytesMax = 2048;

// `%41` and `+`; empty where it is not of that form.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    std::string byte;
    if (i + 3 > text.size() || !unhex(text.substr(i + 1, 2), byte)) return {};
    out += byte;
    i += 2;
  }
  return valid_utf8(out) ? out : std::string();
}

}  // namespace

std::string_view cookie_of(const http::Headers& headers, std::string_view name) {
  std::optional<std::string_view> found;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (headers[i].name != "cookie") continue;
    for (const std::string_view part : split(headers[i].value, ';')) {
      const std::string_view pair = trim(part);
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
      if (found) return {};
      found = pair.substr(equals + 1);
    }
  }
  return found.value_or(std::string_view());
}

std::string query_value(std::string_view query, std::string_view name) {
  if (query.size() > kQueryBytesMax) return {};
  for (const std::string_view pair : split(query, '&')) {
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return decoded(pair.substr(equals + 1));
    }
  }
  return {};
}

std::string request_for(std::string_view path, std::string_view query, std::string_view person) {
  json::Writer out;
  out.object();
  const std::size_t slash = path.find('/');
  const std::string id =
      slash == std::string_view::npos ? std::string() : decoded(path.substr(slash + 1));
  const std::string_view what = path.substr(0, slash);
  if (what == "approvals" && slash != std::string_view::npos) {
    out.key("op").string("approval").key("id").string(id);
    out.key("full").boolean(query_value(query, "full") == "1");
    if (!person.empty()) out.key("person").string(person);
  } else if (what == "runs") {
    out.key("op").string("run").key("id").string(id);
  } else if (path == "together") {
    out.key("op").string("together").key("full").boolean(query_value(query, "full") == "1");
    out.key("ids").array();
    const std::string ids = query_value(query, "ids");
    for (const std::string_view each : split(ids, ',')) out.string(each);
    out.end();
    if (!person.empty()) out.key("person").string(person);
  } else if (path == "approvals") {
    out.key("op").string("approvals");
    if (const std::string filter = query_value(query, "filter"); !filter.empty()) {
      out.key("filter").string(filter);
    }
    if (query_value(query, "names") == "1") out.key("names").boolean(true);
    if (const std::string ids = query_value(query, "ids"); !ids.empty()) {
      out.key("ids").array();
      for (const std::string_view each : split(ids, ',')) out.string(each);
      out.end();
    }
  } else if (path == "journal/proof") {
    out.key("op").string("journal_proof");
  } else {
    out.key("op").string(what);
    if (what == "journal") {
      for (const std::string_view name :
           {"run", "tool", "agent", "effect", "since", "argument", "person"}) {
        out.key(name).string(query_value(query, name));
      }
    }
    if (what == "calls") out.key("run").string(query_value(query, "run"));
    std::uint64_t seq = 0;
    const std::string number = what == "record" ? query_value(query, "seq") : std::string();
    const auto read = std::from_chars(number.data(), number.data() + number.size(), seq);
    if (read.ec == std::errc() && read.ptr == number.data() + number.size()) {
      out.key("seq").natural(seq);
    }
  }
  return out.end().take();
}

Result<SignIn> read_sign_in(std::string& body) {
  const std::size_t end = body.find('\n');
  if (end == std::string::npos) {
    secrets::wipe(body);
    return fail(ErrorKind::invalid, "no sign-in of our page");
  }
  auto typed = secrets::Credential::copy_of(std::string_view(body).substr(end + 1));
  const std::string head = body.substr(0, end);
  secrets::wipe(body);
  const auto document = json::parse(head, {.bytes_max = 4096, .depth_max = 4});
  PAWL_TRY(document);
  const auto person = document->root().text("person");
  if (!person || person->empty() || person->size() > kNameBytesMax || typed.empty()) {
    return fail(ErrorKind::refused, std::string(wrong_sign_in));
  }
  auto key = jose::PublicKey::from_jwk(document->root()["key"]);
  PAWL_TRY(key);
  if (key->algorithm() != jose::Algorithm::ES256) {
    return fail(ErrorKind::invalid, "the key of a session is one of P-256");
  }
  return SignIn{std::string(*person), std::move(*key), std::move(typed)};
}

}  // namespace pawl::console
