#include "io/http/peer_key.h"

#include <arpa/inet.h>
#include <netinet/in.h>

namespace pawl::http {

std::string peer_key(const std::string& address) {
  in6_addr six{};
  if (::inet_pton(AF_INET6, address.c_str(), &six) != 1) return address;
  return {reinterpret_cast<const char*>(&six), 8};
}

}  // namespace pawl::http
