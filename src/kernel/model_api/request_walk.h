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
#include "kernel/model_api/table.h"

namespace pawl {

// Bytes of a text as its dearest tokenizer sees it: after NFKC where that is longer.
std::uint64_t token_bytes(std::string_view text);

// How many bytes of a text differ from the one before: runs of one byte can be one token.
class ByteRuns {
 public:
  void add(std::string_view text);
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t runs() const { return runs_; }

 private:
  std::uint64_t bytes_ = 0, runs_ = 0;
};

class RequestWalk {
 public:
  explicit RequestWalk(ModelApi api);

  Status walk(json::View body);

  std::uint64_t tokens() const { return tokens_; }  // at most
  // Of the messages, in order: at most, each.
  const std::vector<std::uint64_t>& message_tokens() const { return message_tokens_; }
  std::uint64_t said_runs() const { return said_.runs(); }
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
