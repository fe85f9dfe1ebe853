// A secret value while it is needed.
//
// It lies in pages of its own that are wiped when it goes, kept out of core dumps, and out of swap
// where the system permits that. It moves and does not copy: `copy()` is a word that can be looked
// for. The maker of another text of it (a header, an environment) has to wipe that text.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl::secrets {

// A shorter one could not be told from ordinary text where it has to be taken out of it.
inline constexpr std::size_t credential_bytes_min = 8;
inline constexpr std::size_t credential_bytes_max = 16UL << 10;

class [[nodiscard]] Credential {
 public:
  Credential() = default;  // empty
  // Room for `size` bytes, all zero. Aborts where there is no memory.
  static Credential of_size(std::size_t size);
  static Credential copy_of(std::string_view bytes);
  // The same, and wipes where it came from.
  static Credential taken_from(std::string& text);

  Credential(Credential&& other) noexcept;
  Credential& operator=(Credential&& other) noexcept;
  ~Credential();

  Credential copy() const { return copy_of(bytes()); }
  std::string_view bytes() const { return {start_, size_}; }
  std::span<char> writable() { return {start_, size_}; }
  // The first `size` bytes stay, the rest is wiped.
  void cut(std::size_t size);
  bool empty() const { return size_ == 0; }
  bool kept_from_swap() const { return locked_; }

 private:
  void wipe();

  char* start_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_ = 0;
  bool locked_ = false;
};

// Wipes a text that a secret went through.
void wipe(std::string& text);

// What a source gave, as a credential: without the one newline that files and programs end with.
// ErrorKind::invalid where that is too short, too long or holds a zero byte. `what` names the
// source.
Result<Credential> as_credential(Credential read, std::string_view what);

}  // namespace pawl::secrets
