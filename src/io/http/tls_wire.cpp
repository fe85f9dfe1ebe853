#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <time.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "io/http/tls_context.h"

namespace pawl::http {
namespace {

class TlsWire final : public Wire {
 public:
  TlsWire(net::Fd socket, std::unique_ptr<SSL, FreeTls> session)
      : socket_(std::move(socket)), session_(std::move(session)) {}

  int descriptor() const override { return socket_.get(); }

  Moved read(std::span<char> into) override {
    std::size_t count = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(session_.get(), into.data(), into.size(), &count);
    return outcome(result, count, read_wants_write_);
  }

  Moved write(std::span<const iovec> pieces) override {
    if (pieces.empty()) return {};
    std::size_t count = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(session_.get(), pieces[0].iov_base, pieces[0].iov_len, &count);
    return outcome(result, count, write_waits_);
  }

  void finish() override {
    ERR_clear_error();
    if (!failed_) SSL_shutdown(session_.get());
    ::shutdown(socket_.get(), SHUT_WR);
  }

  net::Interest interest(bool read, bool write) const override {
    // A handshake needs both directions, whatever we would like.
    const bool reads = read || write || !established();
    return Wire::interest(reads, write || read_wants_write_);
  }

  bool established() const override { return SSL_is_init_finished(session_.get()) == 1; }
  bool pending() const override { return SSL_pending(session_.get()) > 0; }

  std::string unproved() const override { return unproved_; }

  std::optional<ClientCertificate> certificate() const override {
    const std::unique_ptr<X509, FreeTls> peer(SSL_get1_peer_certificate(session_.get()));
    if (!peer || SSL_get_verify_result(session_.get()) != X509_V_OK) return std::nullopt;
    return describe(*peer);
  }

 private:
  Moved outcome(int result, std::size_t count, bool& wants_write) {
    wants_write = false;
    if (result == 1) return {Moved::What::bytes, count};
    switch (SSL_get_error(session_.get(), result)) {
      case SSL_ERROR_WANT_WRITE:
        wants_write = true;
        return {};
      case SSL_ERROR_WANT_READ:
        return {};
      case SSL_ERROR_ZERO_RETURN:
        return {Moved::What::ended, 0};
      default:
        if (!established()) unproved_ = why_unproved();
        // A connection that ends without saying so may have been cut on the way.
        failed_ = true;
        return {Moved::What::failed, 0};
    }
  }

  std::string why_unproved() const {
    if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
      return "no certificate of a client";
    }
    const long verified = SSL_get_verify_result(session_.get());
    if (verified == X509_V_OK) return {};
    return std::string("a certificate of a client: ") + X509_verify_cert_error_string(verified);
  }

  net::Fd socket_;
  std::unique_ptr<SSL, FreeTls> session_;
  std::string unproved_;
  bool read_wants_write_ = false;
  bool write_waits_ = false;
  bool failed_ = false;
};

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

void add_names(X509& certificate, ClientCertificate& into) {
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) into.dns_names.push_back(text_of(name->d.dNSName));
    if (name->type == GEN_EMAIL) into.emails.push_back(text_of(name->d.rfc822Name));
    if (name->type == GEN_URI) into.uris.push_back(text_of(name->d.uniformResourceIdentifier));
  }
  GENERAL_NAMES_free(names);
}

}  // namespace

std::unique_ptr<Wire> tls_wire(net::Fd socket, const TlsSettings& settings) {
  std::unique_ptr<SSL, FreeTls> session(SSL_new(settings.context()->now.get()));
  if (!session || SSL_set_fd(session.get(), socket.get()) != 1) return nullptr;
  SSL_set_accept_state(session.get());
  return std::make_unique<TlsWire>(std::move(socket), std::move(session));
}

ClientCertificate describe(X509& certificate) {
  ClientCertificate known;
  BIO* memory = BIO_new(BIO_s_mem());
  X509_NAME_print_ex(memory, X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253);
  const char* text = nullptr;
  const long length = BIO_get_mem_data(memory, &text);
  if (length > 0) known.subject.assign(text, static_cast<std::size_t>(length));
  BIO_free(memory);
  add_names(certificate, known);
  tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &end) == 1) {
    known.not_after = ::timegm(&end);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned bytes = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &bytes) == 1) {
    known.sha256 = hex({reinterpret_cast<const char*>(digest.data()), bytes});
  }
  return known;
}

}  // namespace pawl::http
