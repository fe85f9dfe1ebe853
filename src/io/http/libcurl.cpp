#include "io/http/libcurl.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace pawl::http {
namespace {

// CURLOPT_PROTOCOLS_STR came last of what is used.
constexpr unsigned kLibcurlOldest = 0x075500;
constexpr auto kProtocolsNeeded =
    std::to_array<std::string_view>({"http", "https", "smtp", "smtps"});
// Where distributions keep theirs: Debian and most others, Fedora and its kin (two ages), SUSE,
// Alpine.
constexpr auto kRootsKnown = std::to_array<const char*>({
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
});

bool is_there(const std::string& path) {
  return !path.empty() && ::access(path.c_str(), R_OK) == 0;
}

std::string text_or_nothing(const char* text) {
  return text == nullptr ? "" : text;
}

}  // namespace

Libcurl Libcurl::made() {
  const curl_version_info_data& said = *curl_version_info(CURLVERSION_NOW);
  Libcurl library;
  library.version = said.version_num;
  for (const char* const* one = said.protocols; *one != nullptr; ++one) {
    library.protocols.emplace_back(*one);
  }
  library.tls = (said.features & CURL_VERSION_SSL) != 0;
  library.names_aside = (said.features & CURL_VERSION_ASYNCHDNS) != 0;
  if (said.age >= CURLVERSION_SEVENTH) {
    library.roots_file = text_or_nothing(said.cainfo);
    library.roots_folder = text_or_nothing(said.capath);
  }
  return library;
}

Status fit(const Libcurl& library) {
  std::vector<std::string> missing;
  if (library.version < kLibcurlOldest) missing.emplace_back("version 7.85");
  for (const std::string_view protocol : kProtocolsNeeded) {
    if (std::ranges::find(library.protocols, protocol) == library.protocols.end()) {
      missing.emplace_back(protocol);
    }
  }
  if (!library.tls) missing.emplace_back("TLS");
  if (!library.names_aside) missing.emplace_back("looking up names without waiting for them");
  if (missing.empty()) return {};
  return fail(ErrorKind::environment,
              fmt::format("the libcurl of this program lacks {}", fmt::join(missing, ", ")));
}

std::string roots_elsewhere(const Libcurl& library) {
  if (is_there(library.roots_file) || is_there(library.roots_folder)) return {};
  const auto* found = std::ranges::find_if(kRootsKnown, is_there);
  return found == kRootsKnown.end() ? "" : *found;
}

void Options::keep(CURLoption option, CURLcode said) {
  if (said == CURLE_OK || said_ != CURLE_OK) return;
  option_ = option;
  said_ = said;
}

Status Options::taken() const {
  if (said_ == CURLE_OK) return {};
  return fail(ErrorKind::environment,
              fmt::format("libcurl does not take its option {}: {}", static_cast<int>(option_),
                          curl_easy_strerror(said_)));
}

}  // namespace pawl::http
