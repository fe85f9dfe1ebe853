// What the server sends: answers, requests, notifications, and lines that cannot be read.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/session/pending.h"
#include "doors/mcp/session/session.h"
#include "io/net/loop.h"

namespace pawl::mcp {

class ServerSide {
 public:
  explicit ServerSide(Session::Impl& session) : session_(session) {}
  ServerSide(const ServerSide&) = delete;

  void receive(std::string_view line);
  // So long this request of ours is waited for.
  net::Timer answered_within(std::uint64_t id, Duration most);
  // An error of the server as it may be passed on; what was taken out is noted.
  std::string filtered_error(std::string text);
  bool scoped() const;
  void note_reserved();
  // What a server may repeat as often as it likes would use up the notes of its run: the first is
  // noted, and at the end of the session how many more there were.
  void note_first(const std::string& topic, const std::string& text);
  void note_counted();
  void cancel(std::uint64_t id, std::string_view reason);
  // The session ends.
  void stop() { notice_timer_.reset(); }

 private:
  void on_unreadable(std::string_view line, const std::string& reason);
  // A result of the server as it may be passed on.
  std::string filtered_result(const Message& message);
  bool spend_notice();
  void on_request(const Message& message, std::shared_ptr<json::Document> document);
  void on_notification(const Message& message);
  void on_progress(json::View params);
  PendingPtr log_listener(std::string_view level) const;
  void on_log(const Message& message);

  Session::Impl& session_;
  net::Timer notice_timer_;
  json::Document server_document_;
  std::uint32_t notices_left_ = notices_per_second_max;
  std::uint64_t notices_dropped_ = 0;
  std::map<std::pair<std::string, std::string>, std::uint64_t> noted_first_;
};

}  // namespace pawl::mcp
