#include "io/http/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>

namespace pawl::http {
namespace {

constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr int kChainLengthMax = 8;

Error tls_error(const std::string& what) {
  std::array<char, 256> words{};
  ERR_error_string_n(ERR_peek_last_error(), words.data(), words.size());
  ERR_clear_error();
  return Error{ErrorKind::invalid, fmt::format("{}: {}", what, words.data()), {}};
}

Status readable(const std::string& path) {
  if (::access(path.c_str(), R_OK) == 0) return {};
  return fail(ErrorKind::missing, fmt::format("`{}` cannot be read", path));
}

// A password that a key asks for would be asked for on a terminal, and block the node.
int no_password(char* /*into*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

int choose_protocol(SSL* /*session*/, const unsigned char** chosen, unsigned char* length,
                    const unsigned char* offered, unsigned int offered_bytes, void* /*user*/) {
  static constexpr std::string_view kName = "http/1.1";
  for (unsigned at = 0; at < offered_bytes; at += offered[at] + 1U) {
    const std::string_view one(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
    if (one != kName) continue;
    *chosen = offered + at + 1;
    *length = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

Status ask_clients(SSL_CTX* context, const TlsFiles& files) {
  if (files.clients == ClientCertificates::none) return {};
  PAWL_TRY(readable(files.client_ca));
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(files.client_ca.c_str());
  if (names == nullptr ||
      SSL_CTX_load_verify_locations(context, files.client_ca.c_str(), nullptr) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return std::unexpected(tls_error(fmt::format("`{}` holds no certificates", files.client_ca)));
  }
  SSL_CTX_set_client_CA_list(context, names);
  int mode = SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE;
  if (files.clients == ClientCertificates::required) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(context, mode, nullptr);
  SSL_CTX_set_verify_depth(context, kChainLengthMax);
  return {};
}

Result<std::unique_ptr<SSL_CTX, FreeTls>> make_context(const TlsFiles& files) {
  for (const std::string* path : {&files.certificate, &files.key}) {
    PAWL_TRY(readable(*path));
  }
  std::unique_ptr<SSL_CTX, FreeTls> context(SSL_CTX_new(TLS_server_method()));
  if (!context) return std::unexpected(tls_error("TLS cannot be had"));
  SSL_CTX* to = context.get();
  SSL_CTX_set_min_proto_version(to, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(to, kCiphers);
  SSL_CTX_set_options(to, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                              SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(to, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(to, 0);
  // Idle connections hold no buffers; a write may be taken in part and go on from another place.
  SSL_CTX_set_mode(to, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                           SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_passwd_cb(to, &no_password);
  SSL_CTX_set_alpn_select_cb(to, &choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(to, files.certificate.c_str()) != 1) {
    return std::unexpected(tls_error(fmt::format("`{}` is not a certificate", files.certificate)));
  }
  if (SSL_CTX_use_PrivateKey_file(to, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(to) != 1) {
    return std::unexpected(
        tls_error(fmt::format("`{}` is not the key of the certificate", files.key)));
  }
  PAWL_TRY(ask_clients(to, files));
  return context;
}

}  // namespace

Result<TlsSettings> TlsSettings::load(TlsFiles files) {
  auto made = make_context(files);
  PAWL_TRY(made);
  auto context = std::make_shared<Context>();
  context->files = std::move(files);
  context->now = *std::move(made);
  return TlsSettings(std::move(context));
}

Status TlsSettings::reload() {
  auto made = make_context(context_->files);
  PAWL_TRY(made);
  // Sessions hold the context they were made of.
  context_->now = *std::move(made);
  return {};
}

}  // namespace pawl::http
