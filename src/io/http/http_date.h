// The date of an answer, in the one form that HTTP writes (RFC 9110, section 5.6.7).
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace pawl::http {

// `Sun, 06 Nov 1994 08:49:37 GMT`.
std::string http_date(Instant at);

// Written once a second, not once an answer.
class DateLine {
 public:
  std::string_view now();

 private:
  std::string text_;
  Duration written_{};
};

}  // namespace pawl::http
