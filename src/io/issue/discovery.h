// Where one logs in for a server: what the server says of it (RFC 9728), and what the authorization
// server says of itself (RFC 8414, OpenID Connect Discovery).
//
// Both are believed about themselves alone. The deployment file names the authorization server; a
// server that trusts another one is no reason to go there. Endpoints that get something secret are
// at that very origin.
// Pure: texts in, addresses and values out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::issue {

// `https://host:8443` of an address.
std::string_view origin_of(std::string_view url);
// Where the metadata of a server, or of an authorization server, may be; the most telling first.
std::vector<std::string> places_of_resource(std::string_view server_url);
std::vector<std::string> places_of_issuer(std::string_view issuer);

// Whom this server names as its authorization servers: addresses that can be shown, and that it
// names is no reason to go there. ErrorKind::refused where it speaks of another address than its
// own.
inline constexpr std::size_t issuers_named_max = 16;
Result<std::vector<std::string>> issuers_of_resource(std::string_view body,
                                                     std::string_view server_url);
// Whether `issuer` is one of them.
Status check_named(const std::vector<std::string>& named, std::string_view issuer);

struct Authorization {
  std::string authorize_url, token_url;
  std::string register_url;  // empty: clients cannot register themselves
  bool says_issuer = false;  // its answers in the browser name it (RFC 9207)
};
Result<Authorization> read_authorization(std::string_view body, std::string_view issuer);
// The client's id out of the answer to its registration (RFC 7591).
Result<std::string> read_registration(int status, std::string_view body);
std::string registration(std::string_view redirect, std::string_view scope);

}  // namespace pawl::issue
