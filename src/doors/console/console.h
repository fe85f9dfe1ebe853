// The console: what a browser asks of a node, over HTTP. The page (page/) is in the program.
//
//   GET  /console/NAME                  the page's files
//   POST /console/api/sign-in           `{"key":JWK,"person":…}`, a line break, the passphrase
//   POST /console/api/passkey/challenge `{"key":JWK}`: what a passkey has to sign for this key
//   POST /console/api/passkey/sign-in   … and what it has signed (lang/jose/passkey.h)
//   POST /console/api/passkey/new       a challenge for a new passkey of who is signed in
//   GET  /console/api/ways              how people sign in, without a session
//   POST /console/api/provider/begin    `{"key":JWK}`: where the browser goes
//   POST /console/api/provider/sign-in  … and what it came back with, signed by that key
//   POST /console/api/sign-out
//   GET  /console/api/me                who is signed in
//   GET  /console/api/WHAT              what the control door shows: approvals, approvals/ID,
//                                       status, runs/ID, journal, journal/proof, policies, people,
//                                       targets, together?ids=ID,ID
//   GET  /console/api/events            what changes (live.h)
//   POST /console/api/preview           `{"approval":…,"arguments_text":…}`: the question as it
//                                       would be with other arguments
//   POST /console/api/challenge         a nonce for one act
//   POST /console/api/act               `{"act":{"kind":…},"nonce":…,"signature":…}`
//
// This door decides nothing, and has no way of its own to the gate: what it reads and what people
// do goes to the control door, through `ConsolePorts`. It adds who is there (sessions.h): a request
// reads with cookie and token, and acts with a signature over exactly the act besides. GET changes
// nothing. A request has to come from our own page: `Host` and `Origin` are looked at before it
// gets here (doors/http), `Origin` and `Sec-Fetch-Site` once more here. Everything is answered with
// headers that let the page load from nowhere else, and no page frame it.
// Threads: one loop; passphrases are looked at in a thread of their own (passphrases.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "doors/console/live.h"
#include "doors/console/redemptions.h"
#include "doors/console/sessions.h"
#include "doors/console/tickets.h"
#include "io/http/responder.h"
#include "io/net/loop.h"
#include "model/record.h"

namespace pawl::console {

// A person who may sign in.
struct Known {
  std::vector<std::string> ways;  // by which they are known (io/approvals/ways.h)
  std::vector<std::string> groups;
  bool auditor = false;  // sees everything, and decides nothing

  bool by(std::string_view way) const;  // they are still known that way
};

// A sign-in with a provider, as the console made it up.
struct ProviderSignIn {
  std::string redirect, state, nonce, verifier;
  Instant began{};  // when it was made up
};
// Who came back from there: a person of this deployment, and the way by which they are known.
struct CameBack {
  std::string person, way;
};

struct ConsolePorts {
  net::Loop& loop;
  std::function<Duration()> boot;
  std::function<Instant()> now;
  std::function<std::string(std::size_t)> random;
  std::string node;  // its public key: acts are signed for this node
  // As state and deployment file say it now; a removed person is not among them.
  std::function<std::optional<Known>(const std::string& person)> person;
  // Whose passkey this is, by its id; empty: no known person's.
  std::function<std::string(std::string_view id)> owner_of_passkey;
  // The provider's name for the page; empty: there is none, and the two others are not asked.
  std::function<std::string()> provider = {};
  // Where the browser goes, and who it is that came back with a code (and an issuer, or empty).
  std::function<Task<Result<std::string>>(ProviderSignIn)> provider_address = {};
  std::function<Task<Result<CameBack>>(ProviderSignIn, std::string code, std::string issuer)>
      provider_redeem = {};
  // The control door: `{"op":…}`, and its answer.
  std::function<Task<std::string>(std::string request)> ask;
  // … and an act of a person who was proven, with how.
  std::function<Task<std::string>(std::string person, std::string proof, std::string act)> act;
  Live::Row row;
  std::function<std::shared_ptr<void>(std::function<void(const Record&)>)> on_record;
  std::function<void(const std::string& topic, const std::string& text)> note;
  SessionLimits sessions = {};
  LiveLimits live = {};
  TicketLimits tickets = {};
  ReturnLimits returns = {};
};

class Console {
 public:
  explicit Console(ConsolePorts ports);
  ~Console();
  Console(const Console&) = delete;

  // Where it is listened on, which the cookie is named after: ports of one machine share cookies.
  void listens_on(std::uint16_t port);
  // Answers every request of this listener.
  void serve(http::Request request, http::Responder responder);
  // People may have changed: sessions of those who are gone end.
  void look_again();
  // Pages that are open.
  std::size_t watched() const;
  // The node ends. Before the loop goes.
  void finish();

  struct Impl;

 private:
  std::shared_ptr<Impl> room_;
};

}  // namespace pawl::console
