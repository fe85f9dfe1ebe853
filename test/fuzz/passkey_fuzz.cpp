// What an authenticator and a browser say of a passkey, as any bytes.
//
// The first byte says what they are: CBOR, what an authenticator says when it makes a key, or what
// it says to prove that it has one. What is read is what is written again, byte for byte; a key
// that signed nothing proves nothing.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/must.h"
#include "lang/jose/cbor.h"
#include "lang/jose/passkey.h"

namespace {

using namespace pawl;        // NOLINT: a program of one page
using namespace pawl::jose;  // NOLINT
using fuzz::must;

constexpr std::string_view kClient =
    R"({"type":"webauthn.create","challenge":"YQ","origin":"http://localhost:1"})";
constexpr std::string_view kProof =
    R"({"type":"webauthn.get","challenge":"YQ","origin":"http://localhost:1"})";
const PasskeyAsked kAsked{"YQ", "http://localhost:1"};

std::string head_of(std::uint8_t major, std::uint64_t number) {
  const auto first = static_cast<std::uint8_t>(major << 5);
  std::string text;
  if (number < 24) return {static_cast<char>(first | number)};
  const int width = number < 1U << 8 ? 0 : number < 1U << 16 ? 1 : number >> 32 == 0 ? 2 : 3;
  text += static_cast<char>(first | (24 + width));
  for (int shift = (8 << width) - 8; shift >= 0; shift -= 8) {
    text += static_cast<char>(number >> shift & 0xFFU);
  }
  return text;
}

std::string written(const Cbor& value) {
  switch (value.kind) {
    case Cbor::Kind::number:
      return value.number < 0 ? head_of(1, static_cast<std::uint64_t>(-1 - value.number))
                              : head_of(0, static_cast<std::uint64_t>(value.number));
    case Cbor::Kind::bytes:
      return head_of(2, value.text.size()) + value.text;
    case Cbor::Kind::text:
      return head_of(3, value.text.size()) + value.text;
    case Cbor::Kind::truth:
      return value.number == 0 ? "\xf4" : "\xf5";
    case Cbor::Kind::nothing:
      return "\xf6";
    case Cbor::Kind::list:
    case Cbor::Kind::map:
      break;
  }
  const bool map = value.kind == Cbor::Kind::map;
  std::string text = head_of(map ? 5 : 4, value.items.size() / (map ? 2 : 1));
  for (const Cbor& item : value.items) text += written(item);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (text.empty()) return 0;
  const char what = text.front();
  text.remove_prefix(1);
  if (what == 'c') {
    const auto read = read_cbor(text);
    if (read) must(written(read->value) == text.substr(0, read->size), "there is one spelling");
  } else if (what == 'm') {
    const auto made = read_new_passkey(kAsked, kClient, text);
    if (!made) return 0;
    must(made->site == "localhost" && key_of(*made).has_value(), "a key of this site");
    must(read_passkey(to_string(*made)) == *made, "what is kept is read again");
  } else {
    static const Passkey known = *read_passkey(
        "passkey$localhost$AAAAAAAAAAAAAAAAAAAAAA$f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
        "$x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0$");
    const std::size_t half = text.size() / 2;
    const PasskeySaid said{std::string(kProof), std::string(text.substr(0, half)),
                           std::string(text.substr(half))};
    must(!check_passkey(kAsked, known, said), "this is not signed");
    (void)read_passkey(text);
  }
  return 0;
}
