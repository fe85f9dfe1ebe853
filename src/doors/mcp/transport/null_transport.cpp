#include "doors/mcp/transport/null_transport.h"

namespace pawl::mcp {
namespace {

class NullTransport final : public Transport {
 public:
  void open(TransportEvents /*events*/) override {}
  bool send(std::string /*message*/, std::string_view /*request*/) override { return false; }
  void pause() override {}
  void resume() override {}
  Task<bool> drained() override { co_return false; }
  void finish_sending() override {}
  void stop_hearing() override {}
};

}  // namespace

std::unique_ptr<Transport> to_no_server() {
  return std::make_unique<NullTransport>();
}

}  // namespace pawl::mcp
