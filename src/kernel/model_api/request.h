// A request to a model, judged member by member before its bytes go on as they came.
//
//   json::Parser parser;  json::Document body;
//   parser.parse(bytes, body, model_request_limits);       400 where this fails
//   read_model_request(target, body.root());               400 invalid, 403 refused
//
// Closed: a member that the table of the provider does not have is refused at any depth, but inside
// of what is free (schemas and arguments of tools, metadata); so is one of another type (`stream:
// "true"`). Errors name the JSON pointer: `/messages/3/content/0/x: unknown member`. A member that
// stands twice is refused by the parser. Tables are kept by version of the provider's published
// types (`model_request_tables`).
//
// What a request lets the provider do by itself is an effect, and what it refers to is a reference;
// nothing is refused for them here, the policy decides (by default: denied). Effects, sorted, each
// once:
//   web_search, web_fetch, code_execution, file_search, image_generation, maps, skill (code that
//   is kept at the provider), hosted_mcp:HOST, url:HOST (the provider fetches it), background,
//   stored (the provider keeps the answer, which Responses does unless `store` is false),
//   compaction (it rewrites the conversation), audio_output, image_output
// References: previous_response_id:ID, conversation:ID, file:ID, prompt:ID, cache:NAME,
//   container:ID, vector_store:ID, item:ID, connector:ID, audio:ID
// HOST is read as `hosts_in` reads it, with its port where it is not the scheme's own; `unreadable`
// where the address can be read in two ways. With a reference, and with most effects, the input has
// no bound.
//
// Time and memory are linear in the body. Pure; values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "kernel/model_api/api.h"

namespace pawl {

inline constexpr std::size_t model_request_bytes_max = 32UL << 20;
// Two names of one object that are equal byte by byte are refused. Names that are equal after
// folding are not: schemas and arguments of tools have them (`a`, `A`), and tables are exact.
inline constexpr json::ParseLimits model_request_limits{
    .bytes_max = model_request_bytes_max,
    .depth_max = 128,
    .duplicate_keys = json::DuplicateKeys::refuse_exact_only};

// What tables were written from: `openai 6.49.0`, …
std::string_view model_request_tables(ModelApi api);

// The beginning of a request up to a message: the prior of later requests. A request whose input
// was measured as N tokens is filed under the digest of its last prefix; a later request that has
// this digest among its prefixes has at most N + `tokens_after` tokens of input. The digest is over
// interface, model, system, tools, all parameters but those that cannot change the input (caps,
// `stream`, `metadata`, `user`, marks for caches), and whole messages.
struct RequestPrefix {
  Digest digest{};
  std::uint64_t tokens_after = 0;  // at most; in the whole request behind this prefix
  friend bool operator==(const RequestPrefix&, const RequestPrefix&) = default;
};

struct ModelRequest {
  ModelApi api = ModelApi::openai_chat;
  std::string model;
  bool stream = false;
  // The client hears the usage of its stream without our help: always, but for Chat without
  // `stream_options.include_usage`.
  bool usage_asked = true;

  std::uint64_t choices = 1;       // answers asked for: `n`, `candidateCount`
  std::uint64_t output_asked = 0;  // tokens of each: the largest of its caps; 0: none stated
  // The least cap of each answer that the provider takes with the rest of the request: above a
  // thinking budget, 16 for Responses. 0: it makes no output tokens (embeddings).
  std::uint64_t output_least = 1;

  // Tokens; an upper bound: every token of a byte-level vocabulary has a byte of its own; NFKC,
  // templates, tools and images have rows. Counts of the whole request, unless it is unbounded.
  std::uint64_t input_most = 0;
  std::string input_unbounded;    // `/messages/0/content/1: the pages of a PDF`; empty: bounded
  std::uint64_t input_least = 0;  // tokens; the least that an honest count of its texts can be

  // What changes the price: `service_tier` (`priority`, `flex`), `speed` (`fast`), the place of
  // inference (`us`); as stated, empty where not.
  std::string service_tier, speed, geography;

  std::vector<std::string> effects, references;  // sorted, each once
  std::vector<std::string> tools;                // names offered, in order; hosted ones by type
  std::vector<RequestPrefix> prefixes;           // one more than messages; the last is everything
};

// ErrorKind::invalid: not a request of this interface (types, missing members, caps that are no
// whole number above zero). ErrorKind::refused: readable, but outside of the tables, or a thinking
// budget that does not fit below its cap.
Result<ModelRequest> read_model_request(const ModelTarget& target, json::View body);

}  // namespace pawl
