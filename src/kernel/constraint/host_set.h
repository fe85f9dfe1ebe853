// Hosts as policies list them, and the question whether one host is in the list.
//
// `docs.example` is that host alone; `*.example` is everything below and not `example` itself;
// `docs.example:8443` is that host at that port; `192.0.2.7` and `[2001:db8::1]` are addresses. A
// host without a port means the default port of the scheme. Internationalised names (`xn--`) are
// only ever met by an entry that spells them out, because two of them can look the same.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "kernel/constraint/text_set.h"

namespace pawl {

// A name of letters, digits, hyphens and underscores in lower case, or an address in canonical
// spelling (IPv6 in brackets). Names whose last label is a number are no names: every parser reads
// them as addresses.
bool canonical_host(std::string_view host);
// The same without addresses, for the domain of a mail address.
bool canonical_domain(std::string_view domain);

class HostSet {
 public:
  enum class Entries : unsigned char { hosts, domains };  // domains: no addresses, no ports
  static Result<HostSet> make(std::span<const std::string> entries, Entries kind);

  // `host` is canonical; `port` is empty for the scheme's own port.
  bool contains(std::string_view host, std::string_view port = {}) const;

 private:
  TextSet exact_;  // `host` or `host:port`
  TextSet below_;  // `.example` or `.example:port`
  bool ports_ = false;
};

}  // namespace pawl
