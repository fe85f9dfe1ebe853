#include "app/approvals_answer.h"

#include "app/approval_card.h"
#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {

Result<json::Document> send_answer(NodeConnection& node, const Deciding& how, json::View question,
                                   const std::string& typed) {
  json::Writer act_text;
  act_text.object().key("approval").string(question.text("approval").value_or(""));
  act_text.key("approve").boolean(how.approve);
  if (how.for_run) act_text.key("for_run").boolean(true);
  if (how.identical > 0) act_text.key("identical").natural(how.identical);
  act_text.key("kind").string("answer").key("reason").string(how.reason);
  act_text.key("shown").string(question.text("shown").value_or(""));
  act_text.key("typed").string(typed).end();
  return act(node, how.person, act_text.text());
}

Result<json::Document> questions_together(NodeConnection& node, const std::vector<std::string>& ids,
                                          bool full, const std::string& person) {
  json::Writer request;
  request.object().key("full").boolean(full).key("ids").array();
  for (const std::string& id : ids) request.string(id);
  request.end().key("op").string("together");
  write_asker(request, person);
  request.end();
  return node.ask(request.text());
}

Result<json::Document> send_answers(NodeConnection& node, const Deciding& how,
                                    json::View together) {
  if (how.approve && together["why_not"].exists()) {
    return fail(ErrorKind::refused,
                "they cannot be approved together: " + card_word(together, "why_not"));
  }
  if (!together["shown"].exists()) {
    return fail(ErrorKind::refused,
                "the arguments of some are too long to be shown like this, and what is not shown "
                "cannot be answered together: read all of it with `--full`");
  }
  json::Writer act_text;
  act_text.object().key("answers").array();
  for (json::View question : together["questions"].elements()) {
    std::string typed;
    if (how.approve && card_flag(question, "typed")) {
      auto given = ask_what_to_type(question);
      if (!given) return std::unexpected(given.error());
      typed = std::move(*given);
    }
    act_text.object().key("approval").string(question.text("approval").value_or(""));
    act_text.key("shown").string(question.text("shown").value_or(""));
    act_text.key("typed").string(typed).end();
  }
  act_text.end().key("approve").boolean(how.approve).key("kind").string("answer_together");
  act_text.key("reason").string(how.reason);
  act_text.key("shown").string(together.text("shown").value_or("")).end();
  return act(node, how.person, act_text.text());
}

}  // namespace pawl::app
