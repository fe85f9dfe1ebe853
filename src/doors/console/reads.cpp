// What the page reads: the control door's views, and what changes.
#include <utility>

#include "base/text.h"
#include "doors/console/console_impl.h"
#include "doors/console/requests.h"

namespace pawl::console {

void pass_on(Visit& visit, std::string answer) {
  // Long lists begin like this: they are not read once more to see it.
  if (answer.starts_with(R"({"ok":true,)")) return visit.answer(200, std::move(answer));
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

Task<void> Console::Impl::read(VisitPtr visit) {
  const auto self = shared_from_this();
  std::string answer = co_await ports.ask(request_for(visit->path, visit->query, visit->person));
  pass_on(*visit, std::move(answer));
}

// What a question would be with other arguments. It is asked with a body because arguments are
// long, and changes nothing.
Task<void> Console::Impl::preview(VisitPtr visit) {
  const auto self = shared_from_this();
  const auto body = json::parse(visit->request.body, {.bytes_max = body_bytes_max, .depth_max = 8});
  if (!body || !body->root().is_object()) co_return visit->refuse(400, "no JSON object");
  const auto id = body->root().text("approval");
  const auto arguments = body->root().text("arguments_text");
  if (!id || !arguments) co_return visit->refuse(400, "expected `approval` and `arguments_text`");
  json::Writer request;
  request.object().key("arguments_text").string(*arguments).key("full").boolean(true);
  request.key("id").string(*id).key("op").string("change").end();
  pass_on(*visit, co_await ports.ask(request.take()));
}

void Console::Impl::watch(Visit& visit) {
  http::Response head = http::event_stream();
  add_safety(head.headers);
  if (!live.watch(visit.session, std::move(head), *visit.responder)) {
    return visit.refuse(503, "too many pages are open");
  }
  visit.responder.reset();
}

}  // namespace pawl::console
