// What the page reads: the control door's views, and what changes.
#include <utility>

#include "base/text.h"
#include "doors/console/room.h"

namespace pawl::console {
namespace {

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

// What is asked of the control door for a path of the page.
std::string request_for(std::string_view path, std::string_view query) {
  json::Writer out;
  out.object();
  const std::size_t slash = path.find('/');
  const std::string id =
      slash == std::string_view::npos ? std::string() : decoded(path.substr(slash + 1));
  const std::string_view what = path.substr(0, slash);
  if (what == "approvals" && slash != std::string_view::npos) {
    out.key("op").string("approval").key("id").string(id);
    out.key("full").boolean(query_value(query, "full") == "1");
  } else if (what == "runs") {
    out.key("op").string("run").key("id").string(id);
  } else if (path == "journal/proof") {
    out.key("op").string("journal_proof");
  } else {
    out.key("op").string(what);
    if (what == "journal") {
      for (const std::string_view name : {"run", "tool", "agent", "effect", "since"}) {
        out.key(name).string(query_value(query, name));
      }
    }
  }
  return out.end().take();
}

}  // namespace

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

void pass_on(Visit& visit, std::string answer) {
  const auto document = json::parse(answer);
  if (!document) return visit.refuse(500, "the node gave no answer");
  const json::View root = document->root();
  const json::View ok = root["ok"];
  if (ok.kind() == json::Kind::boolean && ok.boolean()) return visit.answer(200, std::move(answer));
  const std::string_view fault = root.text("fault").value_or("");
  const int status = fault == "missing"                       ? 404
                     : fault == "refused"                     ? 403
                     : fault == "usage" || fault == "invalid" ? 400
                     : fault == "environment"                 ? 503
                                                              : 500;
  visit.refuse(status, root.text("error").value_or("the node gave no reason"));
}

Task<void> Console::Room::read(VisitPtr visit) {
  const auto self = shared_from_this();
  std::string answer = co_await ports.ask(request_for(visit->path, visit->query));
  pass_on(*visit, std::move(answer));
}

void Console::Room::watch(Visit& visit) {
  http::Response head = http::event_stream();
  add_safety(head.headers);
  if (!live.watch(visit.session, std::move(head), *visit.responder)) {
    return visit.refuse(503, "too many pages are open");
  }
  visit.responder.reset();
}

}  // namespace pawl::console
