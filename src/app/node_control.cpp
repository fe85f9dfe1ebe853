// People and a node: the control socket.
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "app/node_room.h"

namespace pawl::app {

std::string Node::hello(json::View request) const {
  const std::string nonce(request.text("nonce").value_or(""));
  json::Writer out;
  out.object().key("ok").boolean(true).key("node").string(journal_->public_key());
  out.key("signature").string(key_->prove(hello_text(nonce))).end();
  return out.take();
}

void Node::asked(net::Fd socket, net::Peer peer) {
  if (peer.user != ::getuid() || asking_.size() >= connections_max) return;
  const std::uint64_t id = next_id_++;
  asking_.emplace(id, std::make_unique<Asking>());
  asking_.at(id)->channel.emplace(
      loop_, std::move(socket),
      net::ChannelEvents{
          .frame = [this, id](net::Frame frame) { control_frame(id, std::move(frame)); },
          .end =
              [this, id](std::optional<Error>) {
                const auto found = asking_.find(id);
                if (found == asking_.end()) return;
                found->second->over = true;
                if (found->second->running > 0) return;
                loop_.post([this, id] { asking_.erase(id); });
              },
      });
}

namespace {

Task<void> answer(Control& control, std::string request, std::function<void(std::string)> deliver) {
  deliver(co_await control.answer(std::move(request)));
}

}  // namespace

void Node::control_frame(std::uint64_t id, net::Frame frame) {
  const auto found = asking_.find(id);
  if (found == asking_.end()) return;
  ++found->second->running;
  spawn(answer(*control_, std::move(frame.text), [this, id](std::string text) {
    const auto entry = asking_.find(id);
    if (entry == asking_.end()) return;
    --entry->second->running;
    if (!entry->second->over) {
      entry->second->channel->send(std::move(text));
    } else if (entry->second->running == 0) {
      loop_.post([this, id] { asking_.erase(id); });
    }
  }));
}

void Node::killed(const Stopped& stopped) {
  for (auto& [id, joined] : joined_) {
    for (const std::string& run : stopped.runs) {
      if (joined->run == run && joined->session) joined->session->cancel_all();
    }
  }
  if (!door_) return;
  door_->each([&stopped](mcp::Endpoint& endpoint) {
    if (std::ranges::find(stopped.runs, endpoint.run()) != stopped.runs.end()) {
      endpoint.cancel_all();
    }
  });
}

}  // namespace pawl::app
