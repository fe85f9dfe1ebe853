// The inside of the console, shared by the files that implement it:
//   console.cpp   from a request to its row; what the page reads, and what people do
//   sign_in.cpp   who it is: passphrases, passkeys, people of an OpenID provider
//   pages.cpp     files, and the headers of every answer
//   requests.cpp  what a request says
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "doors/console/browsers.h"
#include "doors/console/console.h"
#include "doors/console/passphrases.h"
#include "io/approvals/brake.h"
#include "io/approvals/proof.h"

namespace pawl::console {

inline constexpr std::string_view page_root = "/console/";
inline constexpr std::string_view api_root = "/console/api/";
inline constexpr std::size_t body_bytes_max = 64UL << 10;
inline constexpr std::size_t ticket_secret_bytes = 32;
inline constexpr std::size_t ticket_random_bytes = 16;

// One request, while it is answered.
struct Visit {
  http::Request request;
  std::optional<http::Responder> responder;
  std::string path;   // below `api_root`
  std::string query;  // as it came
  // Of who is signed in.
  std::uint64_t session = 0;
  std::string person;
  Known known;

  void answer(int status, std::string json, std::vector<std::string> cookies = {});
  void refuse(int status, std::string_view why);
  void refuse(const Error& error);
};
using VisitPtr = std::shared_ptr<Visit>;

// The headers that every answer has.
void add_safety(http::Headers& headers);
// A file of the page, or why not.
http::Response page_response(std::string_view path, const http::Request& request);

struct Console::Impl : std::enable_shared_from_this<Console::Impl> {
  explicit Impl(ConsolePorts with);

  // console.cpp
  void serve(VisitPtr visit);
  void heard(const Record& record);
  void beat();
  bool stands(const Session& session) const;

  // sign_in.cpp
  Task<void> sign_in(VisitPtr visit);
  // They are who they say, known by this way: a session for this key of the page.
  void welcome(Visit& visit, const std::string& person, const Known& known, const std::string& way,
               jose::PublicKey key);
  // That it is they at this moment, by their passphrase: a session alone adds no way to sign in.
  Task<Status> proved_again(VisitPtr visit, std::string passphrase);
  void sign_out(Visit& visit);
  void me(Visit& visit);
  // The session of the request; without one it is answered with 401, and null.
  Session* admitted(Visit& visit, bool uses);
  std::string cookie_name(bool secure) const;
  std::string browser_cookie(bool secure) const;
  // Where this request comes from, of a browser that claims to be this person's.
  Typist typist_of(const http::Request& request, const std::string& person) const;

  // sign_in.cpp
  void passkey_challenge(Visit& visit);
  void passkey_sign_in(Visit& visit);
  Task<void> passkey_new(VisitPtr visit);
  // The act that the control door knows, for a new passkey of who is signed in.
  Result<std::string> enrolment(const Session& session, json::View act);

  // sign_in.cpp
  void ways(Visit& visit);
  ProviderSignIn provider_sign_in_of(const http::Request& request, std::string state) const;
  Task<void> provider_begin(VisitPtr visit);
  Task<void> provider_sign_in(VisitPtr visit);

  // console.cpp
  Task<void> read(VisitPtr visit);
  Task<void> preview(VisitPtr visit);
  void watch(Visit& visit);

  // console.cpp
  void challenge(Visit& visit, Session& session);
  Task<void> act(VisitPtr visit);
  bool proved(Visit& visit, Session& session, json::View body);

  ConsolePorts ports;
  Sessions sessions;
  Live live;
  Passphrases passphrases;
  Tickets tickets;
  Redemptions passkey_tickets;
  Returns returns;  // from a provider: no room of theirs is that of passkeys
  Brake brake;      // of its own: wrong passphrases here do not slow the terminal down
  Browsers browsers;
  std::map<std::string, std::uint32_t> counted;  // by passkey: how often it was used, as it says
  std::uint16_t port = 0;
  bool flushing = false, over = false;
  net::Timer life;
  std::shared_ptr<void> hears;
};

// What a way is, in a word: `passphrase`, `passkey`, `provider`.
std::string_view kind_of_way(std::string_view way);
// The body of a request as a JSON object, and the key of the page in it.
Result<json::Document> body_of(const Visit& visit);
Result<jose::PublicKey> key_in(json::View body);
// Bytes that a page sent as base64url; nothing where it is none, or empty.
std::optional<std::string> bytes_member(json::View object, std::string_view name);
// Where the page of this request is.
std::string origin_of(const http::Request& request);

// The control door's answer, as this door gives it: its status, and its fault as `error`.
void pass_on(Visit& visit, std::string answer);

}  // namespace pawl::console
