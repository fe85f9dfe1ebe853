// Certificates for tests, made on the spot: an authority, and what it signs.
#pragma once

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <string>

namespace pawl::http {

// Lives as long as its tests; keys and certificates are never freed before.
class Authority {
 public:
  explicit Authority(const std::string& folder) : folder_(folder), key_(EVP_EC_gen("P-256")) {
    certificate_ = make("authority", key_, "", key_, nullptr);
    write("authority", certificate_, key_);
  }
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;
  ~Authority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }

  // Writes NAME.pem and NAME.key; `names`: `DNS:a.example,URI:spiffe://…,IP:127.0.0.1`.
  void sign(const std::string& name, const std::string& names) const {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = make(name, key, names, key_, certificate_);
    write(name, certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  std::string pem(const std::string& name) const { return folder_ + "/" + name + ".pem"; }
  std::string key(const std::string& name) const { return folder_ + "/" + name + ".key"; }

 private:
  static X509* make(const std::string& name, EVP_PKEY* key, const std::string& names,
                    EVP_PKEY* signer, X509* issuer) {
    X509* made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), static_cast<long>(name.size()) + 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(issuer == nullptr ? made : issuer));
    const std::string constraint = issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE";
    for (const auto& [kind, value] :
         {std::pair(NID_basic_constraints, constraint), std::pair(NID_subject_alt_name, names)}) {
      if (value.empty()) continue;
      X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
      X509_add_ext(made, extension, -1);
      X509_EXTENSION_free(extension);
    }
    EXPECT_NE(X509_sign(made, signer, EVP_sha256()), 0);
    return made;
  }

  void write(const std::string& name, X509* certificate, EVP_PKEY* key) const {
    std::FILE* file = std::fopen(pem(name).c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(this->key(name).c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
  }

  std::string folder_;
  EVP_PKEY* key_;
  X509* certificate_ = nullptr;
};

// A folder that is gone after the test.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/pawl_http_XXXXXX";
    EXPECT_NE(::mkdtemp(name), nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace pawl::http
