// Tables of the members that a request may have, and what each of them means for the gate.
//
// A `Shape` is one object: its members, or, where a member says which of several objects it is
// (`type`), a shape for each of its values. What no row has is refused (request_walk.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/model_api/api.h"

namespace pawl {

struct RequestShape;

// How a member is read. A null is an absent member, of any kind.
enum class MemberKind : std::uint8_t {
  // Of no further meaning. All but `flag`, `number` and `word` count as input.
  word,      // a text that reaches no model: ids, modes
  flag,      // true or false
  number,    // any number
  words,     // texts of a list
  text,      // a text that the model may be given
  said,      // a text that the model is surely given
  free,      // anything: schemas, arguments
  outside,   // anything that reaches no model: metadata, marks for caches
  embedded,  // texts or tokens to embed: one, or a list
  sealed,    // an encrypted text: what it holds may be compressed
  // Objects of `shape`.
  object,
  list,
  said_or_list,    // a text, or a list of parts
  word_or_object,  // a name, or an object
  // What the provider does, or has. `what` is the effect, or the kind of reference.
  effect,        // where it is there, and not false
  input_effect,  // the same, and what it adds to the input has no bound
  reference,     // an id, or an object with an `id`
  references,    // ids in a list
  hosted_mcp,    // the address of a server
  // Not text.
  image,        // base64
  image_url,    // `data:`, or an address that the provider fetches
  binary,       // base64 of a kind that has no bound: `what` says of what
  inline_file,  // Gemini: an image or not by the member `mimeType` beside it
  file_url,     // an address that the provider fetches
  file_uri,     // Gemini: a file of theirs, or an address
};

struct MemberRow {
  std::string_view name;
  MemberKind kind = MemberKind::word;
  const RequestShape* shape = nullptr;
  std::string_view what = {};
};

struct ShapeVariant {
  std::string_view type;
  const RequestShape* shape = nullptr;
  std::string_view effect = {};  // of such an object alone
  bool more_input = false;       // what it adds to the input has no bound
  std::uint32_t tokens = 0;      // that it adds besides its texts
};

struct RequestShape {
  std::span<const MemberRow> members = {};
  std::string_view needs = {};  // a member that must be there
  std::string_view by = {};     // `type`: `variants` instead of `members`
  std::string_view usual = {};  // the type where none is said
  std::span<const ShapeVariant> variants = {};
};

// The whole body, for each interface; `messages` is the member whose elements are whole messages.
struct RequestTable {
  const RequestShape* body = nullptr;
  std::string_view messages;
  std::string_view version;
  std::uint64_t image_tokens_most = 0;
};
const RequestTable& request_table(ModelApi api);

extern const RequestTable chat_table, responses_table, embeddings_table, anthropic_table,
    gemini_table;

}  // namespace pawl
