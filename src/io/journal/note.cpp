#include "io/journal/note.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cassert>
#include <charconv>
#include <cstdlib>
#include <vector>

#include "base/text.h"

namespace pawl::journal {
namespace {

constexpr std::string_view private_prefix = "PRIVATE+KEY+";
constexpr std::string_view signature_mark = "\xe2\x80\x94 ";  // an em dash and a blank
constexpr char ed25519_algorithm = '\x01';
constexpr std::size_t key_bytes = 32;
constexpr std::size_t hash_bytes = 4;
constexpr std::size_t signature_bytes = 64;

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// An Ed25519 signature; empty where none could be made.
std::string signed_by(EVP_PKEY* secret, std::string_view text) {
  std::string signature(signature_bytes, '\0');
  std::size_t count = signature.size();
  const Context context(EVP_MD_CTX_new());
  const bool done =
      context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, secret) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &count,
                     raw(text), text.size()) == 1;
  return done && count == signature_bytes ? signature : std::string();
}

std::string key_hash(std::string_view name, std::string_view public_bytes) {
  const Digest digest = sha256({name, "\n", std::string_view(&ed25519_algorithm, 1), public_bytes});
  return std::string(bytes_of(digest).substr(0, hash_bytes));
}

std::string signed_text(const Checkpoint& checkpoint) {
  return fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size,
                     base64(bytes_of(checkpoint.root)));
}

struct KeyParts {
  std::string name;
  std::string hash;
  std::string key;
};

Result<KeyParts> key_parts(std::string_view text, std::string_view what) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::size_t first = text.find('+');
  const std::size_t second = first == text.npos ? text.npos : text.find('+', first + 1);
  KeyParts parts;
  std::string key;
  if (second == text.npos || !valid_origin(text.substr(0, first)) ||
      !unhex(text.substr(first + 1, second - first - 1), parts.hash) ||
      hex(parts.hash) != text.substr(first + 1, second - first - 1) ||
      !unbase64(text.substr(second + 1), key) || key.size() != key_bytes + 1 ||
      key[0] != ed25519_algorithm) {
    return fail(ErrorKind::corrupt, fmt::format("this is not {} (`name+hash+key`, Ed25519)", what));
  }
  parts.name = text.substr(0, first);
  parts.key = key.substr(1);
  OPENSSL_cleanse(key.data(), key.size());
  return parts;
}

// A decimal number as C2SP wants it: no sign, no leading zero.
bool read_size(std::string_view text, std::uint64_t& out) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  const auto end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, out);
  return code == std::errc{} && stop == end;
}

}  // namespace

bool valid_origin(std::string_view origin) {
  if (origin.empty() || origin.size() > origin_bytes_max) return false;
  for (char byte : origin) {
    if (byte <= ' ' || byte > '~' || byte == '+') return false;
  }
  return true;
}

void PkeyDeleter::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

PublicKey::PublicKey(std::string name, std::string raw_key, Pkey key)
    : name_(std::move(name)),
      raw_(std::move(raw_key)),
      hash_(key_hash(name_, raw_)),
      key_(std::move(key)) {}

Result<PublicKey> PublicKey::parse(std::string_view text) {
  auto parts = key_parts(text, "a public key");
  PAWL_TRY(parts);
  Pkey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(parts->key), key_bytes));
  if (!key) return fail(ErrorKind::corrupt, "the public key is not a point of Ed25519");
  PublicKey made(std::move(parts->name), std::move(parts->key), std::move(key));
  if (made.hash_ != parts->hash) {
    return fail(ErrorKind::corrupt, "the public key does not have the hash that stands beside it");
  }
  return made;
}

std::string PublicKey::text() const {
  return fmt::format("{}+{}+{}", name_, hex(hash_), base64(ed25519_algorithm + raw_));
}

Result<Checkpoint> PublicKey::verify(std::string_view note) const {
  const auto malformed = [] { return fail(ErrorKind::invalid, "this is not a signed checkpoint"); };
  if (note.size() > checkpoint_bytes_max || !note.ends_with('\n')) return malformed();
  const std::vector<std::string_view> lines = split(note, '\n');
  if (lines.size() != 6 || !lines[3].empty() || !lines[4].starts_with(signature_mark)) {
    return malformed();
  }
  Checkpoint checkpoint;
  std::string root;
  std::string signature;
  const std::string_view mark = lines[4].substr(signature_mark.size());
  const std::size_t blank = mark.find(' ');
  if (blank == mark.npos || !read_size(lines[1], checkpoint.size) || !unbase64(lines[2], root) ||
      root.size() != checkpoint.root.size() || !unbase64(mark.substr(blank + 1), signature) ||
      signature.size() != hash_bytes + signature_bytes) {
    return malformed();
  }
  checkpoint.origin = lines[0];
  std::copy(root.begin(), root.end(), checkpoint.root.begin());
  if (checkpoint.origin != name_ || mark.substr(0, blank) != name_ ||
      signature.substr(0, hash_bytes) != hash_) {
    return fail(ErrorKind::corrupt,
                fmt::format("the checkpoint is signed by another key than `{}`", text()));
  }
  const std::string_view body =
      note.substr(0, lines[0].size() + lines[1].size() + lines[2].size() + 3);
  const Context context(EVP_MD_CTX_new());
  const std::string_view bare = std::string_view(signature).substr(hash_bytes);
  if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestVerify(context.get(), raw(bare), bare.size(), raw(body), body.size()) != 1) {
    return fail(ErrorKind::corrupt, "the signature of the checkpoint is wrong");
  }
  return checkpoint;
}

NodeKey::NodeKey(std::string seed, PublicKey key, Pkey secret)
    : seed_(std::move(seed)), public_(std::move(key)), secret_(std::move(secret)) {}

NodeKey::~NodeKey() {
  OPENSSL_cleanse(seed_.data(), seed_.size());
}

Result<NodeKey> NodeKey::from_seed(std::string_view name, std::string_view seed) {
  if (!valid_origin(name)) {
    return fail(ErrorKind::invalid,
                fmt::format("`{}` cannot name a log: up to {} printable characters without blank "
                            "and `+` are expected",
                            escape_untrusted(name), origin_bytes_max));
  }
  if (seed.size() != key_bytes) return fail(ErrorKind::internal, "a key needs 32 random bytes");
  Pkey secret(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw(seed), key_bytes));
  std::string open(key_bytes, '\0');
  std::size_t count = open.size();
  if (!secret || EVP_PKEY_get_raw_public_key(
                     secret.get(), reinterpret_cast<unsigned char*>(open.data()), &count) != 1) {
    return fail(ErrorKind::internal, "the key could not be made");
  }
  Pkey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(open), key_bytes));
  if (!key) return fail(ErrorKind::internal, "the key could not be made");
  return NodeKey(std::string(seed), PublicKey(std::string(name), std::move(open), std::move(key)),
                 std::move(secret));
}

Result<NodeKey> NodeKey::parse(std::string_view text) {
  if (!text.starts_with(private_prefix)) {
    return fail(ErrorKind::corrupt, "this is not a private key: `PRIVATE+KEY+` is expected first");
  }
  auto parts = key_parts(text.substr(private_prefix.size()), "a private key");
  PAWL_TRY(parts);
  auto key = from_seed(parts->name, parts->key);
  OPENSSL_cleanse(parts->key.data(), parts->key.size());
  if (key && key->public_.hash_ != parts->hash) {
    return fail(ErrorKind::corrupt, "the private key does not have the hash that stands beside it");
  }
  return key;
}

std::string NodeKey::text() const {
  return fmt::format("{}{}+{}+{}", private_prefix, public_.name_, hex(public_.hash_),
                     base64(ed25519_algorithm + seed_));
}

std::string NodeKey::sign(const Checkpoint& checkpoint) const {
  assert(checkpoint.origin == public_.name_);
  const std::string body = signed_text(checkpoint);
  const std::string signature = signed_by(secret_.get(), body);
  if (signature.empty()) std::abort();  // out of memory: nothing else can fail here
  return fmt::format("{}\n{}{} {}\n", body, signature_mark, public_.name_,
                     base64(public_.hash_ + signature));
}

namespace {

bool no_checkpoint(std::string_view text) {
  const std::string_view first = text.substr(0, text.find('\n'));
  return first.find_first_of(" +") != std::string_view::npos;
}

}  // namespace

std::string NodeKey::prove(std::string_view text) const {
  if (!no_checkpoint(text)) return {};
  return base64(signed_by(secret_.get(), text));
}

bool PublicKey::proves(std::string_view text, std::string_view signature_base64) const {
  std::string signature;
  if (!no_checkpoint(text) || !unbase64(signature_base64, signature) ||
      signature.size() != signature_bytes) {
    return false;
  }
  const Context context(EVP_MD_CTX_new());
  return context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(text),
                          text.size()) == 1;
}

}  // namespace pawl::journal
