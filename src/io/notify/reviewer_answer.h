// What an automated reviewer says. Pure.
//
// One JSON object on one line and nothing else, with exactly these members:
//   {"answer":"approve","approval":"a-7k2","binding":"sha256:…","reason":"…"}
// `answer` is `approve` or `reject`; `approval` and `binding` are those of the question, which the
// agent whose call it is does not know: words of its own that a program repeats are no answer.
// Whatever else it is, it is not an answer, and the question stays with people.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl::notify {

inline constexpr std::size_t reviewer_answer_bytes_max = 8UL << 10;
inline constexpr std::size_t reviewer_reason_bytes_max = 500;

struct ReviewerAnswer {
  bool approve = false;
  std::string reason;  // escaped
};

Result<ReviewerAnswer> read_reviewer_answer(std::string_view text, std::string_view approval,
                                            std::string_view binding);

}  // namespace pawl::notify
