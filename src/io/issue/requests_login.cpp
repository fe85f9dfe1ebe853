// Questions of a login, and what is kept of it.
#include "base/json.h"
#include "base/text.h"
#include "io/issue/form.h"
#include "io/issue/requests.h"

namespace pawl::issue {
namespace {

http::Ask asking_token(const Login& login) {
  http::Ask ask;
  ask.method = "POST";
  ask.url = login.token_url;
  ask.body_bytes_max = answer_bytes_max;
  ask.deadline = ask_within;
  ask.headers.add("accept", "application/json");
  ask.headers.add("content-type", "application/x-www-form-urlencoded");
  return ask;
}

struct LoginMember {
  std::string_view name;
  std::string Login::* member;
};
constexpr LoginMember kLoginMembers[] = {
    {"client", &Login::client},
    {"issuer", &Login::issuer},
    {"refresh_token", &Login::refresh_token},
    {"resource", &Login::resource},
    {"scope", &Login::scope},
    {"token_url", &Login::token_url},
};

}  // namespace

secrets::Credential write_login(const Login& login) {
  std::size_t bytes = 2;
  for (const LoginMember& one : kLoginMembers) {
    bytes += one.name.size() + (login.*one.member).size() * 6 + 6;
  }
  std::string text;
  text.reserve(bytes);  // so that no shorter copy stays behind
  for (const LoginMember& one : kLoginMembers) {
    text += text.empty() ? '{' : ',';
    json::write_string(one.name, text);
    text += ':';
    json::write_string(login.*one.member, text);
  }
  text += '}';
  return secrets::Credential::taken_from(text);
}

Result<Login> read_login(std::string_view text) {
  const auto parsed = json::parse(text);
  Login login;
  for (const LoginMember& one : kLoginMembers) {
    const auto value = parsed ? parsed->root().text(one.name) : std::nullopt;
    if (!value) {
      return fail(ErrorKind::invalid, "what is stored is no login: `pawl login SERVER` makes one");
    }
    login.*one.member = std::string(*value);
  }
  return login;
}

http::Ask ask_refresh(const Login& login) {
  http::Ask ask = asking_token(login);
  put_field(ask.body, "grant_type", "refresh_token");
  put_field(ask.body, "client_id", login.client);
  put_field(ask.body, "resource", login.resource);
  put_field(ask.body, "refresh_token", login.refresh_token);
  return ask;
}

http::Ask ask_with_code(const Login& login, std::string_view code, std::string_view redirect,
                        std::string_view verifier) {
  http::Ask ask = asking_token(login);
  put_field(ask.body, "grant_type", "authorization_code");
  put_field(ask.body, "client_id", login.client);
  put_field(ask.body, "redirect_uri", redirect);
  put_field(ask.body, "resource", login.resource);
  put_field(ask.body, "code_verifier", verifier);
  put_field(ask.body, "code", code);
  return ask;
}

}  // namespace pawl::issue
