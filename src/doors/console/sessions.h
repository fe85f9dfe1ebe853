// Who is signed in at the console, and what proves it.
//
// A session has three parts, and none is good for anything alone:
//   the cookie   that the browser sends by itself, also where a page of another port of this
//                machine makes it: it says which session is meant, and opens nothing;
//   the token    that only our page knows and sends in a header field: with it, the session reads;
//   the key      that the page made at sign-in and cannot read itself (WebCrypto, not extractable):
//                every act is signed with it, over a nonce that counts once and the act's digest.
// Cookies and tokens are kept as SHA-256, so that looking one up tells nothing by its time, and a
// look into this memory gives no one a session.
// Sessions live in memory: a node that starts again asks everybody to sign in. They end when they
// are not used, after a day's work in any case, with the reviewer whose they are, and at once where
// an act is not signed by their key.
// Threads: one loop. Times count since boot: setting a clock does not prolong a session.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "lang/jose/key.h"

namespace pawl::console {

struct SessionLimits {
  Duration idle_max = Duration::seconds(1800);
  Duration life_max = Duration::seconds(12L * 3600);
  Duration nonce_life = Duration::seconds(120);
  std::size_t sessions_max = 256;
  std::size_t sessions_of_one_max = 8;  // a person's oldest makes room for their next
  std::size_t nonces_max = 16;          // of one session; likewise
};

struct Session {
  std::uint64_t number = 0;
  std::string person, way;  // … and by which of theirs they signed in
  std::string origin;       // the page's, as the browser said it
  std::string token_hash;
  jose::PublicKey key;
  Duration began{}, used{};
  std::vector<std::pair<std::string, Duration>> nonces;  // with their ends, oldest first
};

struct Opened {
  std::string cookie, token;
  std::uint64_t number = 0;
};

class Sessions {
 public:
  using Random = std::function<std::string(std::size_t)>;
  explicit Sessions(Random random, SessionLimits limits = {})
      : random_(std::move(random)), limits_(limits) {}

  Opened open(std::string person, std::string way, std::string origin, jose::PublicKey key,
              Duration now);
  // The session of both, or null. `uses`: a person did something, and not the page by itself.
  Session* find(std::string_view cookie, std::string_view token, bool uses, Duration now);
  Session* numbered(std::uint64_t number);

  // A nonce for one act.
  std::string challenge(Session& session, Duration now);
  // Whether it is one of the session's that still counts; it counts no more.
  bool take(Session& session, std::string_view nonce, Duration now);

  void end(std::uint64_t number);
  // Ends those whose time is over, and those that do not stand any more.
  void sweep(Duration now, const std::function<bool(const Session&)>& stands);
  std::size_t size() const { return sessions_.size(); }

 private:
  bool over(const Session& session, Duration now) const;
  void make_room(const std::string& person);

  Random random_;
  SessionLimits limits_;
  std::map<std::string, Session, std::less<>> sessions_;  // by the hash of the cookie
  std::uint64_t next_ = 1;
};

// What the key of a session signs for an act.
std::string act_text(std::string_view node, const Session& session, std::string_view nonce,
                     std::string_view act_digest);

}  // namespace pawl::console
