// Goes through a request by its table: refuses what no row has, and gathers what the rows say.
//
// Private to the room: request.h is its face.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "kernel/model_api/byte_runs.h"
#include "kernel/model_api/table.h"

namespace pawl {

// Bytes of a text as its dearest tokenizer sees it: after NFKC where that is longer.
std::uint64_t token_bytes(std::string_view text);

// The name that a table has for a member: Gemini takes two spellings.
std::string table_name(ModelApi api, std::string_view name);

class RequestWalk {
 public:
  explicit RequestWalk(ModelApi api);

  Status walk(json::View body);

  std::uint64_t tokens() const { return tokens_; }  // at most
  // Of the messages, in order: at most, each.
  const std::vector<std::uint64_t>& message_tokens() const { return message_tokens_; }
  std::uint64_t said_tokens_least() const { return said_.tokens_least(); }
  const std::string& unbounded() const { return unbounded_; }

  std::set<std::string> effects, references;

  // The member of an object by the name of its row, whichever way the provider lets it be spelled.
  json::View member(json::View object, std::string_view name) const;

 private:
  Status object(json::View value, const RequestShape& shape);
  Status members(json::View value, const RequestShape& shape);
  Status variant(json::View value, const RequestShape& shape);
  Status member_value(const MemberRow& row, json::View value, json::View owner);
  Status texts(const MemberRow& row, json::View value);
  Status embedded(json::View value);
  Status structure(const MemberRow& row, json::View value);
  Status list(const MemberRow& row, json::View value);
  Status effect(const MemberRow& row, json::View value);
  Status reference(const MemberRow& row, json::View value);
  Status media(const MemberRow& row, json::View value, json::View owner);
  void url(std::string_view address, std::string_view of_what);
  void image();
  void free_value(json::View value);

  const MemberRow* row_of(std::string_view name, const RequestShape& shape, std::size_t& at) const;
  void without_bound(std::string_view why);
  std::unexpected<Error> wrong(std::string_view what) const;
  std::unexpected<Error> outside(std::string_view what) const;

  ModelApi api_;
  const RequestTable& table_;
  std::string pointer_;
  std::uint64_t tokens_ = 0;
  std::vector<std::uint64_t> message_tokens_;
  ByteRuns said_;
  std::string unbounded_;
};

}  // namespace pawl
