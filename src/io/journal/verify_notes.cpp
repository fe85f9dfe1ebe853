#include <fmt/format.h>
#include <openssl/evp.h>

#include <charconv>
#include <memory>

#include "base/text.h"
#include "io/journal/verify_parts.h"

namespace pawl::journal {
namespace {

constexpr std::uint64_t note_file_bytes_max = 4096;
constexpr std::uint64_t log_file_bytes_max = 1UL << 40;
constexpr std::uint64_t log_chunk_bytes = 16UL << 10;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// `name+hash+base64(0x01, 32 bytes)`, taken apart and checked against its own hash where the bytes
// are a public key.
struct KeyText {
  std::string name;
  std::string hash;
  std::string bytes;
};

std::optional<KeyText> take_apart(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '+');
  if (parts.size() < 3) return std::nullopt;
  KeyText key;
  key.name = parts[0];
  // Base64 may hold a `+` of its own.
  const std::size_t rest = parts[0].size() + parts[1].size() + 2;
  if (!unhex(parts[1], key.hash) || hex(key.hash) != parts[1] ||
      !unbase64(text.substr(rest), key.bytes) || key.bytes.size() != 33 || key.bytes[0] != 1) {
    return std::nullopt;
  }
  key.bytes.erase(0, 1);
  return key;
}

std::string hash_of(const std::string& name, std::string_view public_bytes) {
  return std::string(bytes_of(sha256({name, "\n\x01", public_bytes})).substr(0, 4));
}

class Notes {
 public:
  Notes(Disk& disk, Findings& findings, JournalVerification& into)
      : disk_(disk), findings_(findings), into_(into) {}

  Status read_keys();
  // The newest before the log: on a running node the log may only have more than that.
  Status read_newest();
  Status read_log(const std::function<void()>& pause);
  void compare_newest();
  PromisedRoots take() { return std::move(roots_); }

 private:
  struct Note {
    std::uint64_t size = 0;
    Digest root{};
  };
  // What is wrong with the note, or the note.
  std::expected<Note, std::string> read(std::string_view text) const;
  bool signature_fits(std::string_view body, std::string_view signature) const;
  void take_note(std::string_view text, std::uint64_t offset);
  // Where the next note seems to begin inside of a text that is none; npos: nowhere.
  std::size_t begins_in(std::string_view text) const;
  Status check_secret(const KeyText& open);

  Disk& disk_;
  Findings& findings_;
  JournalVerification& into_;
  std::optional<KeyText> key_;
  Key pkey_;
  PromisedRoots roots_;
  std::uint64_t last_size_ = 0;
  std::optional<std::string> newest_;
  std::string last_good_;     // the last note of the log that is signed well
  bool keys_fit_ = true;      // else no note can be, and that is said once
  bool note_is_bad_ = false;  // the last one that was looked at
  bool any_bad_ = false;
  Findings::Place torn_;  // the end of the log is not whole
};

Status Notes::read_keys() {
  auto text = read_whole(disk_, "node.pub", note_file_bytes_max);
  if (!text && text.error().fault != ErrorKind::missing) return std::unexpected(text.error());
  std::optional<KeyText> key;
  if (text && text->ends_with('\n')) key = take_apart(text->substr(0, text->size() - 1));
  if (!key || key->hash != hash_of(key->name, key->bytes)) {
    findings_.add("node.pub", 0, text ? "this is not a public key" : "the public key is missing");
    keys_fit_ = false;
    return {};
  }
  pkey_.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, as_bytes(key->bytes),
                                          key->bytes.size()));
  if (!pkey_) {
    findings_.add("node.pub", 0, "this is not a public key of Ed25519");
    keys_fit_ = false;
    return {};
  }
  into_.origin = key->name;
  PAWL_TRY(check_secret(*key));
  key_ = std::move(key);
  return {};
}

// The secret key may be out of reach for the verifier; where it is there, it must fit.
Status Notes::check_secret(const KeyText& open) {
  auto text = read_whole(disk_, "node.key", note_file_bytes_max);
  if (!text) return {};
  constexpr std::string_view prefix = "PRIVATE+KEY+";
  std::optional<KeyText> secret;
  if (text->starts_with(prefix) && text->ends_with('\n')) {
    secret = take_apart(text->substr(prefix.size(), text->size() - prefix.size() - 1));
  }
  std::string derived(32, '\0');
  std::size_t count = derived.size();
  if (secret) {
    const Key pkey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, as_bytes(secret->bytes),
                                                secret->bytes.size()));
    EVP_PKEY_get_raw_public_key(pkey.get(), reinterpret_cast<unsigned char*>(derived.data()),
                                &count);
  }
  if (!secret || derived != open.bytes || secret->name != open.name || secret->hash != open.hash) {
    findings_.add("node.key", 0, "the secret key does not fit the public one");
    keys_fit_ = false;
  }
  return {};
}

bool Notes::signature_fits(std::string_view body, std::string_view signature) const {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey_.get()) == 1 &&
         EVP_DigestVerify(context.get(), as_bytes(signature), signature.size(), as_bytes(body),
                          body.size()) == 1;
}

std::expected<Notes::Note, std::string> Notes::read(std::string_view text) const {
  const std::vector<std::string_view> lines = split(text, '\n');
  const auto wrong = [](const char* what) { return std::unexpected(std::string(what)); };
  if (lines.size() != 6 || !lines[3].empty() || !lines[5].empty()) {
    return wrong("this is not a signed checkpoint");
  }
  Note note;
  const char* end = lines[1].data() + lines[1].size();
  const auto [stop, code] = std::from_chars(lines[1].data(), end, note.size);
  std::string root;
  std::string mark;
  const std::string before = "\xe2\x80\x94 " + std::string(lines[0]) + " ";
  if (code != std::errc{} || stop != end || std::to_string(note.size) != lines[1] ||
      !unbase64(lines[2], root) || root.size() != note.root.size() ||
      !lines[4].starts_with(before) || !unbase64(lines[4].substr(before.size()), mark) ||
      mark.size() != 68) {
    return wrong("this is not a signed checkpoint");
  }
  if (!key_) return wrong("the checkpoint cannot be checked without the public key");
  if (lines[0] != key_->name || std::string_view(mark).substr(0, 4) != key_->hash) {
    return wrong("the checkpoint is of another log");
  }
  const std::size_t body = lines[0].size() + lines[1].size() + lines[2].size() + 3;
  if (!signature_fits(text.substr(0, body), std::string_view(mark).substr(4))) {
    return wrong("the signature is wrong");
  }
  std::memcpy(note.root.data(), root.data(), root.size());
  return note;
}

void Notes::take_note(std::string_view text, std::uint64_t offset) {
  const auto note = read(text);
  // Bytes that break one note may break those behind it, and keys that do not fit break all.
  const bool said = note_is_bad_ || !keys_fit_;
  note_is_bad_ = !note;
  if (!note) {
    any_bad_ = true;
    if (!said) findings_.add("checkpoints", offset, note.error());
    return;
  }
  ++into_.checkpoints;
  last_good_ = text;
  if (note->size <= last_size_) {
    findings_.add("checkpoints", offset,
                  fmt::format("the checkpoint counts {} records, the one before it {}", note->size,
                              last_size_));
  }
  last_size_ = std::max(last_size_, note->size);
  into_.checkpoint_size = last_size_;
  roots_.emplace(note->size, PromisedRoot{note->root, "checkpoints", offset});
}

std::size_t Notes::begins_in(std::string_view text) const {
  if (!key_) return text.npos;
  const std::size_t line = text.find("\n" + key_->name + "\n");
  return line == text.npos ? line : line + 1;
}

// One note after the other, five lines each, in pieces: the file grows for years.
Status Notes::read_log(const std::function<void()>& pause) {
  auto file = disk_.open("checkpoints", Access::read);
  if (!file && file.error().fault == ErrorKind::missing) return {};
  PAWL_TRY(file);
  std::uint64_t offset = 0;
  std::string rest;
  int pauses = pause ? pauses_max : 0;
  while (offset < log_file_bytes_max) {
    auto chunk = read_there(**file, offset + rest.size(), log_chunk_bytes);
    PAWL_TRY(chunk);
    rest += *chunk;
    std::size_t begin = 0;
    for (;;) {
      std::size_t end = begin;
      for (int line = 0; line < 5 && end != rest.npos; ++line) {
        end = rest.find('\n', end);
        if (end != rest.npos) ++end;
      }
      if (end == rest.npos) break;
      const std::string_view five = std::string_view(rest).substr(begin, end - begin);
      take_note(five, offset + begin);
      // A line break too many, or one too few: the notes behind it are read as they stand.
      const std::size_t next = note_is_bad_ ? begins_in(five) : five.npos;
      begin = next == five.npos ? end : begin + next;
    }
    rest.erase(0, begin);
    offset += begin;
    if (rest.size() > note_file_bytes_max) break;
    if (!chunk->empty()) continue;
    if (rest.empty() || pauses-- == 0) break;
    pause();
  }
  if (rest.empty() || note_is_bad_) return {};  // what stands behind a bad one is told with it
  if (rest.size() <= note_file_bytes_max) {
    torn_ = findings_.add_torn("checkpoints", offset,
                               "the last checkpoint is not whole: a crash tore it, or it was "
                               "changed; the next start of the node cuts it off");
  } else {
    findings_.add("checkpoints", offset, "this is not a signed checkpoint");
  }
  return {};
}

Status Notes::read_newest() {
  auto text = read_whole(disk_, "checkpoint", note_file_bytes_max);
  if (text) {
    newest_ = std::move(*text);
  } else if (text.error().fault == ErrorKind::invalid) {
    findings_.add("checkpoint", 0, text.error().message);
  } else if (text.error().fault != ErrorKind::missing) {
    return std::unexpected(text.error());
  }
  return {};
}

// The newest checkpoint has to be one of the log's: after a crash, or on a full disk, not always
// the last.
void Notes::compare_newest() {
  if (!newest_ || *newest_ == last_good_) return;
  const auto note = read(*newest_);
  if (!note) {
    if (keys_fit_) findings_.add("checkpoint", 0, note.error());
    return;
  }
  const auto [from, to] = roots_.equal_range(note->size);
  for (auto known = from; known != to; ++known) {
    if (known->second.root == note->root) return;
  }
  if (torn_) {
    // The log is durable before the newest is replaced.
    findings_.was_changed(
        torn_, fmt::format("this is not the checkpoint of {} records, which `checkpoint` holds",
                           note->size));
  } else if (!any_bad_) {
    findings_.add("checkpoint", 0,
                  fmt::format("`checkpoints` lacks this checkpoint of {} records", note->size));
  }
  into_.checkpoint_size = std::max(into_.checkpoint_size, note->size);
  roots_.emplace(note->size, PromisedRoot{note->root, "checkpoint", 0});
}

}  // namespace

Result<PromisedRoots> verify_notes(Disk& disk, const std::function<void()>& pause,
                                   Findings& findings, JournalVerification& into) {
  Notes notes(disk, findings, into);
  Status done = notes.read_keys();
  if (done) done = notes.read_newest();
  if (done) done = notes.read_log(pause);
  PAWL_TRY(done);
  notes.compare_newest();
  return notes.take();
}

}  // namespace pawl::journal
