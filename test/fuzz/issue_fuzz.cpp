// Any bytes as the answer of a service that issues secrets: what is read of them is a value that
// can be used, and no error tells what stands in an answer.
#include <cstddef>
#include <cstdint>
#include <string>

#include "fuzz/must.h"
#include "io/issue/answers.h"
#include "io/issue/challenge.h"
#include "io/issue/discovery.h"
#include "io/issue/requests.h"

namespace {

using pawl::issue::Answered;

void look(const pawl::Result<Answered>& answer, const std::string& body) {
  using pawl::fuzz::must;
  if (!answer) {
    must(body.size() < 40 || answer.error().message.find(body) == std::string::npos,
         "an error does not repeat the answer");
    return;
  }
  must(!answer->values.empty(), "an answer has a value");
  must(answer->lasts > pawl::Duration{} && answer->lasts <= pawl::issue::end_max,
       "it lasts for a while");
  for (const auto& [name, value] : answer->values) {
    must(value.bytes().size() >= pawl::secrets::credential_bytes_min, "a value can be found again");
    must(value.bytes().find('\0') == std::string_view::npos, "a value can stand in a variable");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace pawl::issue;
  const std::string body(reinterpret_cast<const char*>(bytes), size);
  constexpr pawl::Instant now{1'800'000'000'000'000'000};
  for (const int status : {200, 201, 401}) {
    look(read_vault_login(status, body), body);
    look(read_vault(status, body, "token"), body);
    look(read_oauth(status, body), body);
    look(read_github(status, body, now), body);
    look(read_aws(status, body, now), body);
    look(read_login_tokens(status, body), body);
  }
  // What a server says of itself is believed about its own place alone.
  constexpr const char* issuer = "https://login.example";
  if (const auto named = issuers_of_resource(body, "https://mcp.example/mcp")) {
    for (const std::string& one : *named) {
      pawl::fuzz::must(one.find_first_of("\"`\n \x7f") == one.npos, "an issuer can be shown");
    }
  }
  if (const auto found = bearer_challenge(body)) {
    pawl::fuzz::must(found->metadata.size() + found->scope.size() <= size, "nothing is made up");
  }
  if (const auto found = read_authorization(body, issuer)) {
    pawl::fuzz::must(origin_of(found->token_url) == issuer, "a secret goes to the issuer");
  }
  (void)read_registration(201, body);
  (void)places_of_resource(body);
  (void)read_login(body);
  return 0;
}
