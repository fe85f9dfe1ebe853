#include "io/secrets/credential.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace pawl::secrets {
namespace {

std::size_t page_bytes() {
  const long size = ::sysconf(_SC_PAGESIZE);
  return size > 0 ? static_cast<std::size_t>(size) : 4096;
}

}  // namespace

Credential Credential::of_size(std::size_t size) {
  Credential made;
  if (size == 0) return made;
  const std::size_t page = page_bytes();
  const std::size_t mapped = (size + page - 1) / page * page;
  void* start = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) std::abort();  // a secret may not lie anywhere else
  // Both are more than nothing where they fail: a limit on locked memory is usual.
  // (The call with flags, because a sanitizer answers for mlock() without doing anything.)
  made.locked_ = ::mlock2(start, mapped, 0) == 0;
  (void)::madvise(start, mapped, MADV_DONTDUMP);
  made.start_ = static_cast<char*>(start);
  made.size_ = size;
  made.mapped_ = mapped;
  return made;
}

Credential Credential::copy_of(std::string_view bytes) {
  Credential made = of_size(bytes.size());
  if (!bytes.empty()) std::memcpy(made.start_, bytes.data(), bytes.size());
  return made;
}

Credential Credential::taken_from(std::string& text) {
  Credential made = copy_of(text);
  secrets::wipe(text);
  return made;
}

Credential::Credential(Credential&& other) noexcept
    : start_(std::exchange(other.start_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)),
      locked_(std::exchange(other.locked_, false)) {}

Credential& Credential::operator=(Credential&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  start_ = std::exchange(other.start_, nullptr);
  size_ = std::exchange(other.size_, 0);
  mapped_ = std::exchange(other.mapped_, 0);
  locked_ = std::exchange(other.locked_, false);
  return *this;
}

Credential::~Credential() {
  wipe();
}

void Credential::wipe() {
  if (start_ == nullptr) return;
  ::explicit_bzero(start_, mapped_);
  ::munmap(start_, mapped_);
  start_ = nullptr;
  size_ = mapped_ = 0;
}

void Credential::cut(std::size_t size) {
  if (size >= size_) return;
  ::explicit_bzero(start_ + size, size_ - size);
  size_ = size;
}

void wipe(std::string& text) {
  text.resize(text.capacity());  // what an earlier, longer content left behind goes too
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

Result<Credential> as_credential(Credential read, std::string_view what) {
  std::string_view bytes = read.bytes();
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  if (bytes.ends_with('\r')) bytes.remove_suffix(1);
  const auto wrong = [&](std::string message) {
    return fail(ErrorKind::invalid, fmt::format("{} {}", what, message));
  };
  if (bytes.empty()) return wrong("is empty");
  if (bytes.size() < credential_bytes_min) {
    return wrong(
        fmt::format("holds a secret of less than {} bytes: it could not be kept out of "
                    "other texts",
                    credential_bytes_min));
  }
  if (bytes.size() > credential_bytes_max) {
    return wrong(fmt::format("holds more than {} bytes", credential_bytes_max));
  }
  if (bytes.find('\0') != std::string_view::npos) return wrong("holds a zero byte");
  read.cut(bytes.size());
  return read;
}

}  // namespace pawl::secrets
