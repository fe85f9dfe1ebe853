#include "argon2id.h"

namespace pawl::wasm {
namespace {

using Word = std::uint64_t;

constexpr std::uint32_t version = 0x13;
constexpr std::uint32_t kind_id = 2;
constexpr std::uint32_t slices = 4;
constexpr std::size_t digest_bytes = 64;
constexpr std::size_t chunk_bytes = 128;

constexpr Word start[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                           0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                           0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
constexpr std::uint8_t order[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

constexpr Word turned(Word word, int by) {
  return (word >> by) | (word << (64 - by));
}

Word read_word(const std::uint8_t* bytes) {
  Word word = 0;
  for (int i = 7; i >= 0; --i) word = (word << 8) | bytes[i];
  return word;
}

void write_word(Word word, std::uint8_t* bytes) {
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(word >> (8 * i));
}

// BLAKE2b (RFC 7693) without a key.
class Blake2b {
 public:
  explicit Blake2b(std::size_t size) : size_(size) {
    for (int i = 0; i < 8; ++i) state_[i] = start[i];
    state_[0] ^= 0x01010000 ^ size;
  }
  void add(const std::uint8_t* bytes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      // The last chunk is kept back: only the end knows that it is the last.
      if (filled_ == chunk_bytes) {
        total_ += chunk_bytes;
        mix(false);
        filled_ = 0;
      }
      chunk_[filled_++] = bytes[i];
    }
  }
  void add_number(std::uint32_t number) {
    std::uint8_t bytes[4];
    for (int i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    add(bytes, sizeof bytes);
  }
  void end(std::uint8_t* out) {
    total_ += filled_;
    for (std::size_t i = filled_; i < chunk_bytes; ++i) chunk_[i] = 0;
    mix(true);
    std::uint8_t all[digest_bytes];
    for (int i = 0; i < 8; ++i) write_word(state_[i], all + 8 * i);
    for (std::size_t i = 0; i < size_; ++i) out[i] = all[i];
  }

 private:
  static void quarter(Word& a, Word& b, Word& c, Word& d, Word x, Word y) {
    a = a + b + x;
    d = turned(d ^ a, 32);
    c = c + d;
    b = turned(b ^ c, 24);
    a = a + b + y;
    d = turned(d ^ a, 16);
    c = c + d;
    b = turned(b ^ c, 63);
  }
  void mix(bool last) {
    Word m[16], v[16];
    for (int i = 0; i < 16; ++i) m[i] = read_word(chunk_ + 8 * i);
    for (int i = 0; i < 8; ++i) {
      v[i] = state_[i];
      v[i + 8] = start[i];
    }
    v[12] ^= total_;
    if (last) v[14] = ~v[14];
    for (int round = 0; round < 12; ++round) {
      const std::uint8_t* s = order[round % 10];
      for (int i = 0; i < 4; ++i) {
        quarter(v[i], v[4 + i], v[8 + i], v[12 + i], m[s[2 * i]], m[s[2 * i + 1]]);
      }
      for (int i = 0; i < 4; ++i) {
        quarter(v[i], v[4 + (i + 1) % 4], v[8 + (i + 2) % 4], v[12 + (i + 3) % 4], m[s[8 + 2 * i]],
                m[s[9 + 2 * i]]);
      }
    }
    for (int i = 0; i < 8; ++i) state_[i] ^= v[i] ^ v[i + 8];
  }

  Word state_[8];
  std::uint8_t chunk_[chunk_bytes] = {};
  std::size_t filled_ = 0, size_;
  Word total_ = 0;
};

// A digest of any length: longer ones are halves of a chain of digests.
void long_digest(const std::uint8_t* input, std::size_t bytes, std::uint8_t* out,
                 std::uint32_t size) {
  Blake2b first(size <= digest_bytes ? size : digest_bytes);
  first.add_number(size);
  first.add(input, bytes);
  if (size <= digest_bytes) return first.end(out);
  std::uint8_t chain[digest_bytes];
  first.end(chain);
  constexpr std::size_t half = digest_bytes / 2;
  for (;;) {
    const std::size_t take = size > digest_bytes ? half : size;
    for (std::size_t i = 0; i < take; ++i) out[i] = chain[i];
    out += take;
    size -= static_cast<std::uint32_t>(take);
    if (size == 0) return;
    Blake2b next(size > digest_bytes ? digest_bytes : size);
    next.add(chain, digest_bytes);
    next.end(chain);
  }
}

void quarter(Word& a, Word& b, Word& c, Word& d) {
  const auto multiplied = [](Word x, Word y) {
    return x + y + 2 * (x & 0xffffffff) * (y & 0xffffffff);
  };
  a = multiplied(a, b);
  d = turned(d ^ a, 32);
  c = multiplied(c, d);
  b = turned(b ^ c, 24);
  a = multiplied(a, b);
  d = turned(d ^ a, 16);
  c = multiplied(c, d);
  b = turned(b ^ c, 63);
}

// Sixteen words of a block, `at` their places.
template <typename At>
void permute(Word* b, At at) {
  for (int i = 0; i < 4; ++i) quarter(b[at(i)], b[at(4 + i)], b[at(8 + i)], b[at(12 + i)]);
  for (int i = 0; i < 4; ++i) {
    quarter(b[at(i)], b[at(4 + (i + 1) % 4)], b[at(8 + (i + 2) % 4)], b[at(12 + (i + 3) % 4)]);
  }
}

// `out` becomes the compression of two blocks, or has it mixed in.
void compress(const Word* x, const Word* y, Word* out, bool mixed) {
  Word r[block_words], z[block_words];
  for (std::size_t i = 0; i < block_words; ++i) z[i] = r[i] = x[i] ^ y[i];
  for (int row = 0; row < 8; ++row) permute(z, [row](int i) { return 16 * row + i; });
  for (int column = 0; column < 8; ++column) {
    permute(z, [column](int i) { return 2 * column + 16 * (i / 2) + i % 2; });
  }
  for (std::size_t i = 0; i < block_words; ++i) out[i] = (mixed ? out[i] : 0) ^ r[i] ^ z[i];
}

// Pseudo-random numbers of the first half of the first pass, which do not depend on the passphrase.
struct Addresses {
  Word input[block_words] = {};
  Word output[block_words] = {};

  void next() {
    const Word zero[block_words] = {};
    ++input[6];
    Word between[block_words];
    compress(zero, input, between, false);
    compress(zero, between, output, false);
  }
};

// Which earlier block a new one is made with.
std::uint32_t reference(Word random, std::uint32_t pass, std::uint32_t slice, std::uint32_t index,
                        std::uint32_t blocks) {
  const std::uint32_t segment = blocks / slices;
  std::uint32_t area = pass == 0 ? slice * segment + index - 1 : blocks - segment + index - 1;
  Word x = random & 0xffffffff;
  x = (x * x) >> 32;
  x = (area * x) >> 32;
  const std::uint32_t relative = area - 1 - static_cast<std::uint32_t>(x);
  const bool wraps = pass != 0 && slice != slices - 1;
  const std::uint32_t from = wraps ? (slice + 1) * segment : 0;
  return (from + relative) % blocks;
}

void fill(const Argon2id& what, std::uint32_t pass, std::uint32_t slice) {
  const std::uint32_t segment = what.blocks / slices;
  const bool independent = pass == 0 && slice < slices / 2;
  Addresses addresses;
  const Word about[6] = {pass, 0, slice, what.blocks, what.passes, kind_id};
  for (int i = 0; i < 6; ++i) addresses.input[i] = about[i];
  const std::uint32_t first = pass == 0 && slice == 0 ? 2 : 0;
  if (independent && first != 0) addresses.next();
  for (std::uint32_t index = first; index < segment; ++index) {
    const std::uint32_t at = slice * segment + index;
    const std::uint32_t before = at == 0 ? what.blocks - 1 : at - 1;
    if (independent && index % block_words == 0) addresses.next();
    const Word random = independent ? addresses.output[index % block_words]
                                    : what.memory[before * block_words];
    const std::uint32_t with = reference(random, pass, slice, index, what.blocks);
    compress(what.memory + before * block_words, what.memory + with * block_words,
             what.memory + at * block_words, pass != 0);
  }
}

}  // namespace

void argon2id(const Argon2id& what, std::uint8_t* key) {
  Blake2b begin(digest_bytes);
  const std::uint32_t numbers[] = {1, key_bytes, what.blocks, what.passes, version, kind_id};
  for (const std::uint32_t number : numbers) begin.add_number(number);
  begin.add_number(what.passphrase_bytes);
  begin.add(what.passphrase, what.passphrase_bytes);
  begin.add_number(what.salt_bytes);
  begin.add(what.salt, what.salt_bytes);
  begin.add_number(0);  // no secret
  begin.add_number(0);  // nothing else that belongs to it
  std::uint8_t seed[digest_bytes + 8] = {};
  begin.end(seed);

  std::uint8_t bytes[8 * block_words];
  for (std::uint32_t i = 0; i < 2; ++i) {
    seed[digest_bytes] = static_cast<std::uint8_t>(i);
    long_digest(seed, sizeof seed, bytes, sizeof bytes);
    for (std::size_t w = 0; w < block_words; ++w) {
      what.memory[i * block_words + w] = read_word(bytes + 8 * w);
    }
  }
  for (std::uint32_t pass = 0; pass < what.passes; ++pass) {
    for (std::uint32_t slice = 0; slice < slices; ++slice) fill(what, pass, slice);
  }
  const Word* last = what.memory + std::size_t{what.blocks - 1} * block_words;
  for (std::size_t w = 0; w < block_words; ++w) write_word(last[w], bytes + 8 * w);
  long_digest(bytes, sizeof bytes, key, key_bytes);
}

void wipe(std::uint64_t* memory, std::size_t words) {
  volatile std::uint64_t* at = memory;
  for (std::size_t i = 0; i < words; ++i) at[i] = 0;
}

}  // namespace pawl::wasm
