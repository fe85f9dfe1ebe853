// What is behind TlsSettings, and the wire that speaks TLS. Inside of this room only.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "io/http/tls.h"
#include "io/http/wire.h"

namespace pawl::http {

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

struct TlsSettings::Context {
  TlsFiles files;
  std::unique_ptr<SSL_CTX, FreeTls> now;  // never null
};

// Null where OpenSSL gives no session.
std::unique_ptr<Wire> tls_wire(net::Fd socket, const TlsSettings& settings);

// What a verified certificate says of its owner.
ClientCertificate describe(X509& certificate);

}  // namespace pawl::http
