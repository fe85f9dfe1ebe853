#include "lang/jose/passkey.h"

#include <array>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "lang/jose/base64url.h"
#include "lang/jose/cbor.h"
#include "lang/jose/openssl.h"

namespace pawl::jose {
namespace {

constexpr std::size_t kSiteHashBytes = 32, kCounterBytes = 4, kModelBytes = 16, kLengthBytes = 2;
constexpr std::size_t kCoordinateBytes = 32;
constexpr std::size_t kLabelBytesMax = 120;
// Flags of what an authenticator says.
constexpr std::uint8_t kPresent = 0x01, kRecognised = 0x04, kMayBeElsewhere = 0x08,
                       kIsElsewhere = 0x10, kHasKey = 0x40, kHasExtensions = 0x80;
// Members of a COSE key (RFC 9053), and the one kind that is known here.
constexpr std::int64_t kKind = 1, kAlgorithm = 3, kCurve = -1, kX = -2, kY = -3;
constexpr std::int64_t kEc2 = 2, kEs256 = -7, kP256 = 1;

std::unexpected<Error> malformed(std::string why) {
  return fail(ErrorKind::invalid, std::move(why));
}
std::unexpected<Error> not_asked(std::string why) {
  return fail(ErrorKind::refused, std::move(why));
}

// What the browser says: for what, over which challenge, and from which page.
Status fits_client(const PasskeyAsked& asked, std::string_view client, std::string_view type) {
  const auto said = json::parse(client, {.bytes_max = passkey_client_bytes_max, .depth_max = 8});
  if (!said || !said->root().is_object())
    return malformed("the browser's part is not a JSON object");
  const json::View root = said->root();
  if (root.text("type") != type) return not_asked("the passkey was used for something else");
  const auto challenge = root.text("challenge");
  if (!challenge || asked.challenge.empty() || !equal_constant_time(*challenge, asked.challenge)) {
    return not_asked("the passkey has signed another challenge");
  }
  if (asked.origin.empty() || root.text("origin") != asked.origin) {
    return not_asked("the passkey was used by a page of another origin");
  }
  const json::View framed = root["crossOrigin"];
  const bool alone =
      !framed.exists() || (framed.kind() == json::Kind::boolean && !framed.boolean());
  if (!alone || root["topOrigin"].exists()) {
    return not_asked("the passkey was used by a page inside of another one");
  }
  return {};
}

struct AuthenticatorPart {
  std::uint8_t flags = 0;
  std::uint32_t count = 0;
  std::string_view rest;  // key and extensions
};

Result<AuthenticatorPart> authenticator_part(std::string_view site, std::string_view bytes) {
  if (bytes.size() < kSiteHashBytes + 1 + kCounterBytes) {
    return malformed("the authenticator's part is too short");
  }
  AuthenticatorPart part;
  part.flags = static_cast<std::uint8_t>(bytes[kSiteHashBytes]);
  for (std::size_t i = 0; i < kCounterBytes; ++i) {
    part.count = part.count << 8 | static_cast<std::uint8_t>(bytes[kSiteHashBytes + 1 + i]);
  }
  part.rest = bytes.substr(kSiteHashBytes + 1 + kCounterBytes);
  const Digest wanted = sha256(site);
  if (site.empty() || bytes.substr(0, kSiteHashBytes) != bytes_of(wanted)) {
    return not_asked("the passkey is one of another site");
  }
  if ((part.flags & kPresent) == 0) return not_asked("the user was not present");
  if ((part.flags & kRecognised) == 0) {
    return not_asked("the authenticator has not recognised the person");
  }
  if ((part.flags & kIsElsewhere) != 0 && (part.flags & kMayBeElsewhere) == 0) {
    return malformed("the authenticator contradicts itself");
  }
  return part;
}

// Extensions, where the flags say that some are there; nothing follows.
Status ends_well(std::uint8_t flags, std::string_view rest) {
  if ((flags & kHasExtensions) == 0) {
    return rest.empty() ? Status{} : malformed("the authenticator says more than it announces");
  }
  const auto extensions = read_cbor(rest);
  if (!extensions || extensions->value.kind != Cbor::Kind::map || extensions->size != rest.size()) {
    return malformed("the authenticator's extensions are not of their form");
  }
  return {};
}

bool is_number(const Cbor* value, std::int64_t wanted) {
  return value != nullptr && value->kind == Cbor::Kind::number && value->number == wanted;
}
bool is_coordinate(const Cbor* value) {
  return value != nullptr && value->kind == Cbor::Kind::bytes &&
         value->text.size() == kCoordinateBytes;
}

Status take_key(const Cbor& cose, Passkey& into) {
  const Cbor* x = cose.find(kX);
  const Cbor* y = cose.find(kY);
  const bool known = is_number(cose.find(kKind), kEc2) &&
                     is_number(cose.find(kAlgorithm), kEs256) &&
                     is_number(cose.find(kCurve), kP256) && is_coordinate(x) && is_coordinate(y) &&
                     cose.items.size() == 10;
  if (!known) return malformed("the passkey is not one of ES256 on P-256");
  into.x = base64url(x->text);
  into.y = base64url(y->text);
  const auto key = key_of(into);
  PAWL_TRY(key);
  return {};
}

// In DER, as authenticators write it, to the two numbers side by side.
std::optional<std::string> numbers_of(std::string_view der) {
  const unsigned char* at = raw(der);
  const OwnedEcSignature both(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!both || at != raw(der) + der.size()) return std::nullopt;
  std::string numbers(2 * kCoordinateBytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(numbers.data());
  const int side = static_cast<int>(kCoordinateBytes);
  if (BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), out, side) != side ||
      BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), out + kCoordinateBytes, side) != side) {
    return std::nullopt;
  }
  return numbers;
}

bool is_site(std::string_view host) {
  bool named = false;  // the last label: of an address it is a number, of a name it is none
  for (const char c : host) {
    const bool letter = c >= 'a' && c <= 'z';
    if (!letter && (c < '0' || c > '9') && c != '-' && c != '.') return false;
    named = c != '.' && (named || letter);
  }
  return named;
}

}  // namespace

std::string site_of(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string host = lower_ascii(origin.substr(scheme + 3));
  const std::size_t colon = host.find(':');
  if (colon != std::string::npos) host.resize(colon);
  return !host.empty() && is_site(host) ? host : std::string();
}

std::string to_string(const Passkey& passkey) {
  return "passkey$" + passkey.site + "$" + passkey.id + "$" + passkey.x + "$" + passkey.y + "$" +
         base64url(passkey.label);
}

std::optional<Passkey> read_passkey(std::string_view text) {
  const auto parts = split(text, '$');
  if (parts.size() != 6 || parts[0] != "passkey") return std::nullopt;
  Passkey read{std::string(parts[1]),
               std::string(parts[2]),
               std::string(parts[3]),
               std::string(parts[4]),
               {}};
  std::string id;
  if (read.site.empty() || !is_site(read.site) || !unbase64url(parts[2], id) ||
      !unbase64url(parts[5], read.label)) {
    return std::nullopt;
  }
  const bool fits = id.size() >= passkey_id_bytes_min && id.size() <= passkey_id_bytes_max &&
                    read.label.size() <= kLabelBytesMax && valid_utf8(read.label);
  if (!fits || !key_of(read)) return std::nullopt;
  return read;
}

Result<PublicKey> key_of(const Passkey& passkey) {
  json::Writer out;
  out.object().key("crv").string("P-256").key("kty").string("EC");
  out.key("x").string(passkey.x).key("y").string(passkey.y).end();
  const auto document = json::parse(out.text());
  PAWL_TRY(document);
  return PublicKey::from_jwk(document->root());
}

Result<Passkey> read_new_passkey(const PasskeyAsked& asked, std::string_view client,
                                 std::string_view authenticator) {
  PAWL_TRY(fits_client(asked, client, "webauthn.create"));
  Passkey made;
  made.site = site_of(asked.origin);
  const auto part = authenticator_part(made.site, authenticator);
  PAWL_TRY(part);
  std::string_view rest = part->rest;
  if ((part->flags & kHasKey) == 0 || rest.size() < kModelBytes + kLengthBytes) {
    return malformed("the authenticator has made no key");
  }
  rest.remove_prefix(kModelBytes);
  const std::size_t length = static_cast<std::size_t>(static_cast<std::uint8_t>(rest[0])) << 8 |
                             static_cast<std::uint8_t>(rest[1]);
  rest.remove_prefix(kLengthBytes);
  if (length < passkey_id_bytes_min || length > passkey_id_bytes_max || rest.size() < length) {
    return malformed("the passkey's id has not its length");
  }
  made.id = base64url(rest.substr(0, length));
  rest.remove_prefix(length);
  const auto key = read_cbor(rest);
  PAWL_TRY(key);
  PAWL_TRY(take_key(key->value, made));
  PAWL_TRY(ends_well(part->flags, rest.substr(key->size)));
  return made;
}

Result<std::uint32_t> check_passkey(const PasskeyAsked& asked, const Passkey& passkey,
                                    const PasskeySaid& said) {
  PAWL_TRY(fits_client(asked, said.client, "webauthn.get"));
  // A key of another name of this node is another key.
  if (passkey.site != site_of(asked.origin)) return not_asked("the passkey is one of another site");
  const auto part = authenticator_part(passkey.site, said.authenticator);
  PAWL_TRY(part);
  if ((part->flags & kHasKey) != 0) return malformed("the authenticator says more than was asked");
  PAWL_TRY(ends_well(part->flags, part->rest));
  const auto key = key_of(passkey);
  PAWL_TRY(key);
  const auto signature = numbers_of(said.signature);
  const Digest client = sha256(said.client);
  if (!signature ||
      !key->verifies(said.authenticator + std::string(bytes_of(client)), *signature)) {
    return not_asked("the passkey's signature does not fit");
  }
  return part->count;
}

}  // namespace pawl::jose
