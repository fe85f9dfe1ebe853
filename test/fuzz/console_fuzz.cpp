// What a browser, or a program in its place, sends to the console before it has signed in.
//
// The input is a line of a `Cookie` field, a target below `/console/api/`, and the body of a
// sign-in. A body is wiped whatever it holds; what goes on to the control door is JSON with one
// `op`, whatever the path was.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "doors/console/requests.h"
#include "fuzz/must.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page
using fuzz::must;

std::string_view line_of(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(bytes), size);
  http::Headers headers;
  headers.add("cookie", line_of(rest));
  const std::string_view cookie = console::cookie_of(headers, "pawl-1");
  must(cookie.find(';') == std::string_view::npos, "a cookie is one");
  const std::string_view target = line_of(rest);
  const std::size_t question = target.find('?');
  const std::string_view query =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  const std::string request = console::request_for(target.substr(0, question), query);
  const auto document = json::parse(request);
  must(document.has_value(), "a request is JSON");
  must(document->root()["op"].is_string(), "a request asks for something");
  std::string body(rest);
  const auto read = console::read_sign_in(body);
  must(body.find_first_not_of('\0') == std::string::npos, "a body is wiped");
  if (read) must(!read->person.empty() && !read->passphrase.empty(), "a person signs in");
  return 0;
}
