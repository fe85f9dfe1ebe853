// A client and a tool server around one session of the MCP door, or two servers behind one
// endpoint, as a script moves them.
//
// Both can say anything. Both can also be honest: an honest call carries a mark that no party
// could guess, and the honest server answers with the mark it was given. So whatever arrives at the
// wrong place, under the wrong id or under the wrong token is noticed, and `must` ends the program.
// What reaches the server is compared with the decisions in the journal.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "crash/gate_world.h"
#include "doors/mcp/multiplexer/connect.h"
#include "io/net/fd.h"
#include "io/net/loop.h"

namespace pawl::fuzz {

class Parties {
 public:
  struct Setting {
    bool several = false;          // two servers, `a` and `b`, behind one endpoint
    bool scoped = true;            // one tool has a `scope`, so that its server may not ask
    std::string_view script = {};  // the whole input: a mark that it contains proves nothing
  };
  explicit Parties(Setting setting);

  // What either side writes, as it is: a part of a line, or several.
  void client_says(std::string_view bytes);
  void server_says(std::string_view bytes, std::size_t server = 0);

  void hello();                        // the honest client's first two messages
  void call(std::size_t tool);         // one honest call
  void modern_call(std::size_t tool);  // one in the stateless revision
  void come_back();                    // as the newest continuation of one says
  void modern_server() { modern_server_ = true; }
  void cancel();                               // of the oldest honest call
  void answer(bool newest);                    // by the honest server
  void answer_with(std::string_view members);  // … and what else stands in the result
  void answer_with_error();
  void progress();                            // of the oldest request at the server
  void server_by_hand() { by_hand_ = true; }  // it answers no list and no handshake by itself
  void approve(bool yes);
  void kill(const std::string& tool);
  void pass(Duration by);
  void pump();  // until nothing moves any more

  // Both sides close; the session has to end, and the journal has to account for everything.
  void end();

 private:
  struct Request {
    std::string id, method, tool, mark;
    std::string token;
    std::size_t server = 0;
  };
  struct Server {
    net::Fd in, out;  // its own ends
    std::string rest;
    std::uint64_t lines = 0;    // that it sent
    std::uint64_t answers = 0;  // that it was given
    std::uint64_t last_id = 0;
  };
  // Honest calls go to the servers in turn.
  std::size_t server_of(std::uint64_t number) const;
  std::string tool_of(std::uint64_t number, std::size_t tool) const;
  void modern_call(std::uint64_t number, std::size_t tool, std::string_view more);
  void remember_leg(json::View root);
  void drain(const net::Fd& from, std::string& rest,
             const std::function<void(std::string_view)>& line);
  bool ready(const net::Fd& fd) const;
  void to_server(std::size_t server, std::string_view line);
  void request_at_server(std::size_t server, std::string_view line, json::View root);
  void answer_at_server(Request request);
  void to_client(std::string_view line);
  void check_marks(std::string_view line, json::View root);
  void check_reserved(json::View result) const;
  void check_journal();

  crash::World world_;
  net::Loop loop_;
  net::Fd client_in_, client_out_;  // its own ends
  std::vector<Server> servers_;
  std::unique_ptr<mcp::Endpoint> session_;
  std::string_view script_;
  bool ended_ = false, by_hand_ = false;
  bool opened_ = false;  // the client asked for a session of the older revisions

  std::string client_rest_;
  std::uint64_t client_lines_ = 0;    // that it sent
  std::uint64_t client_answers_ = 0;  // that it was given
  std::uint64_t calls_ = 0, approved_ = 0;
  std::deque<std::uint64_t> open_calls_;
  bool modern_server_ = false;
  std::map<std::string, std::pair<std::uint64_t, std::size_t>> modern_calls_;  // by id
  std::vector<std::pair<std::string, std::string>> request_states_;  // id, and what its retry adds
  std::map<std::uint64_t, bool> answered_;
  std::deque<Request> at_server_;
  std::map<std::string, std::uint64_t> forwarded_;  // by the name that the policy knows
};

}  // namespace pawl::fuzz
