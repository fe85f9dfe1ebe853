#include "io/identity/certificates.h"

#include <algorithm>

#include "base/text.h"
#include "lang/jose/base64url.h"

namespace pawl::identity {
namespace {

bool among(const std::vector<std::string>& names, const std::string& wanted) {
  return std::ranges::find(names, wanted) != names.end();
}

}  // namespace

bool fits(const AgentCertificate& wanted, const http::ClientCertificate& shown) {
  if (wanted.value.empty()) return false;
  switch (wanted.by) {
    case AgentCertificate::By::subject:
      return shown.subject == wanted.value;
    case AgentCertificate::By::dns:
      return std::ranges::any_of(shown.dns_names, [&](const std::string& name) {
        return lower_ascii(name) == wanted.value;
      });
    case AgentCertificate::By::uri:
      return among(shown.uris, wanted.value);
    case AgentCertificate::By::email:
      return among(shown.emails, wanted.value);
    case AgentCertificate::By::sha256:
      return shown.sha256 == wanted.value;
  }
  return false;
}

std::string unbound(json::View claims, const http::ClientCertificate* shown) {
  const json::View bound = claims["cnf"];
  if (!bound.exists()) return {};
  const auto thumbprint = bound.text("x5t#S256");
  if (!thumbprint || bound.size() != 1) {
    return "claims.cnf: bound to something that cannot be checked here";
  }
  std::string digest;
  const bool same = shown != nullptr && unhex(shown->sha256, digest) && !digest.empty() &&
                    jose::base64url(digest) == *thumbprint;
  return same ? std::string() : "claims.cnf: bound to a certificate that the connection lacks";
}

}  // namespace pawl::identity
