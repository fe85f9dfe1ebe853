#include "base/random.h"

#include <openssl/crypto.h>

#include <memory>

#include "base/hash.h"

namespace pawl {
namespace {

// The kernel hands out up to 256 bytes in one piece, whatever signals arrive.
constexpr std::size_t batch_bytes = 256;

struct Batch {
  std::string bytes;
  std::size_t used = 0;
};

}  // namespace

std::function<std::string(std::size_t)> random_in_batches() {
  return [batch = std::make_shared<Batch>()](std::size_t count) {
    if (count > batch_bytes) return random_bytes(count);
    if (batch->bytes.size() - batch->used < count) {
      batch->bytes = random_bytes(batch_bytes);
      batch->used = 0;
    }
    char* const from = batch->bytes.data() + batch->used;
    std::string out(from, count);
    OPENSSL_cleanse(from, count);
    batch->used += count;
    return out;
  };
}

}  // namespace pawl
