#include "io/notify/reviewer_answer.h"

#include "base/json.h"
#include "base/text.h"

namespace pawl::notify {

Result<ReviewerAnswer> read_reviewer_answer(std::string_view text, std::string_view approval,
                                            std::string_view binding) {
  const auto none = [](const char* why) { return fail(ErrorKind::invalid, why); };
  if (text.size() > reviewer_answer_bytes_max) return none("it is longer than an answer may be");
  const auto document = json::parse(text);
  if (!document) return none("it is not JSON that can be read in one way only");
  const json::View root = document->root();
  if (!root.is_object() || root.size() != 4) {
    return none("it is not an object with the four members of an answer");
  }
  const auto word = root.text("answer");
  const auto reason = root.text("reason");
  if (root.text("approval") != approval || root.text("binding") != binding) {
    return none("it is about another approval request");
  }
  if (word != "approve" && word != "reject")
    return none("`answer` is neither `approve` nor `reject`");
  if (!reason || reason->size() > reviewer_reason_bytes_max) {
    return none("`reason` is not text, or too long");
  }
  return ReviewerAnswer{word == "approve", escape_untrusted(*reason)};
}

}  // namespace pawl::notify
