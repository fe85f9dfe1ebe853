// Server-sent events out of a stream of bytes, as the gateway writes them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "pawl_client/client.h"

namespace pawl_client {

inline constexpr std::size_t event_bytes_max = 16UL << 20;

class EventReader {
 public:
  explicit EventReader(const std::function<bool(const Event&)>& heard) : heard_(heard) {}
  // False: no more is wanted, or what comes is not a stream of events.
  bool take(std::string_view bytes);

 private:
  bool line(std::string_view text);

  const std::function<bool(const Event&)>& heard_;
  std::string rest_;
  Event event_;
};

}  // namespace pawl_client
