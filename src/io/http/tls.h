// TLS for the server: certificate and key from files, TLS 1.2 or newer, client certificates where
// they are asked for.
//
//   Result<TlsSettings> tls = TlsSettings::load({.certificate = …, .key = …});
//   server.listen("0.0.0.0", 8443, *tls);
//   …
//   Status renewed = tls->reload();     // after the files have changed
//
// Ciphers: those of TLS 1.3, and of 1.2 only those with forward secrecy and authenticated
// encryption. No compression, no renegotiation, no session tickets (a resumed session would skip
// the look at a client certificate that has been revoked since). ALPN says `http/1.1`. A reload
// that fails leaves what was: a bad certificate never replaces a good one. Connections that exist
// keep what they began with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"

namespace pawl::http {

enum class ClientCertificates : std::uint8_t {
  none,      // not asked for
  optional,  // asked for; one that does not verify ends the handshake
  required,  // without one, the handshake fails
};

struct TlsFiles {
  std::string certificate;  // PEM: the certificate, then those between it and the root
  std::string key;          // PEM
  std::string client_ca;    // PEM: who may have signed client certificates
  ClientCertificates clients = ClientCertificates::none;
};

class TlsSettings {
 public:
  // ErrorKind::missing where a file cannot be opened, ErrorKind::invalid where it does not hold
  // what it should, or the key is not that of the certificate.
  static Result<TlsSettings> load(TlsFiles files);

  // Reads the files again, for connections from now on.
  Status reload();

  // Inside of this room only.
  struct Context;
  const std::shared_ptr<Context>& context() const { return context_; }

 private:
  explicit TlsSettings(std::shared_ptr<Context> context) : context_(std::move(context)) {}
  std::shared_ptr<Context> context_;  // copies of the settings share it
};

}  // namespace pawl::http
