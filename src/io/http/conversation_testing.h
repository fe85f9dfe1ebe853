// A conversation without a socket, for tests: what was asked, and what was written.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/http/conversation.h"

namespace pawl::http {

struct Talk {
  explicit Talk(ServerLimits limits = {}) {
    service.limits = limits;
    service.handler = [this](Request request, Responder responder) {
      targets.push_back(request.target);
      bodies.push_back(request.body);
      if (at_once) {
        Response response;
        response.body = request.target;
        return std::move(responder).answer(std::move(response));
      }
      waiting.emplace(request.target, std::move(responder));
    };
    conversation = std::make_unique<Conversation>(service, std::make_shared<Remote>(), [] {});
  }

  void ask(std::string_view target, std::string_view lines = {}) {
    conversation->receive("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" +
                          std::string(lines) + "\r\n");
  }

  void answer(const std::string& target, std::string body) {
    auto found = waiting.extract(target);
    Response response;
    response.body = std::move(body);
    std::move(found.mapped()).answer(std::move(response));
  }

  Stream stream(const std::string& target) {
    return std::move(waiting.extract(target).mapped()).stream(event_stream());
  }

  // Takes what is to be written, as a socket would.
  std::string written() {
    std::string all;
    conversation->pump();
    while (!conversation->out().empty()) {
      iovec piece{};
      conversation->out().pieces({&piece, 1});
      all.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
      conversation->wrote(piece.iov_len);
      conversation->pump();
    }
    return all;
  }

  Service service;
  bool at_once = false;
  std::vector<std::string> targets;
  std::vector<std::string> bodies;
  std::map<std::string, Responder> waiting;
  std::unique_ptr<Conversation> conversation;  // ends before what its exchanges refer to
};

}  // namespace pawl::http
