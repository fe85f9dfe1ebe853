// A question that is rejected, in a comment.
const char* one = "the question stays open";
const char* two = "question";
const char* three = "`answer` is `approve` or `reject`, of this `question`";
const char* four = "a reviewer rejected it with the switch";
const char* five = "` passed a question on to `";
const char* six = "`, a reject of `a question`";
