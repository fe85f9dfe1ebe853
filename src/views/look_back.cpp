#include "views/look_back.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "io/journal/reader.h"
#include "io/journal/segment.h"

namespace pawl::views {
namespace {

using Missing = std::map<std::string, Instant, std::less<>>;  // question, when it was opened

std::optional<Instant> began(JournalReader& reader, std::uint64_t segment) {
  if (!reader.seek(segment)) return std::nullopt;
  const auto first = reader.next();
  if (!first || !*first) return std::nullopt;
  const auto record = parse_record((*first)->record);
  return record ? std::optional(record->at) : std::nullopt;
}

// Records are canonical JSON: a key stands like this, and a text never does.
std::string_view question_in(std::string_view record) {
  constexpr std::string_view key = R"("approval":")";
  if (record.find(R"("type":"call.decided")") == std::string_view::npos) return {};
  const std::size_t at = record.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = record.substr(at + key.size());
  return rest.substr(0, rest.find('"'));
}

// Adds what is found in [first, end), and takes it out of `missing`.
void search_segment(JournalReader& reader, std::uint64_t first, std::uint64_t end, Missing& missing,
                    FoundCalls& found, const std::function<bool()>& stop) {
  if (!reader.seek(first)) return;
  while (!missing.empty() && !stop()) {
    const auto entry = reader.next();
    if (!entry || !*entry || (*entry)->seq >= end) return;
    const auto wanted = missing.find(question_in((*entry)->record));
    if (wanted == missing.end()) continue;
    auto record = parse_record((*entry)->record);
    auto* decided = record ? std::get_if<CallDecided>(&record->body) : nullptr;
    // A caller who comes back to the question is evaluated later.
    const bool opens = decided != nullptr && decided->round == 1 && record->at <= wanted->second &&
                       decided->approval == wanted->first;
    if (!opens || decided->effect != "hold") continue;
    found.emplace(wanted->first, std::move(*decided));
    missing.erase(wanted);
  }
}

}  // namespace

FoundCalls look_back(Disk& disk, const std::vector<SoughtCall>& sought,
                     const std::function<bool()>& stop) {
  FoundCalls found;
  auto reader = JournalReader::open(disk);
  const auto segments = journal::list_segments(disk);
  if (!reader || !segments || segments->empty()) return found;
  // Which segment each of them may be in: the last one that began before it was opened.
  std::map<std::size_t, Missing> wanted;
  for (const SoughtCall& one : sought) {
    const auto behind =
        std::partition_point(segments->begin(), segments->end(), [&](std::uint64_t segment) {
          const auto at = began(*reader, segment);
          return at && *at <= one.opened;
        });
    const auto index = static_cast<std::size_t>(behind - segments->begin());
    wanted[index == 0 ? 0 : index - 1].emplace(one.approval, one.opened);
  }
  for (auto& [index, missing] : wanted) {
    for (const std::size_t back : {std::size_t{0}, std::size_t{1}}) {
      if (back > index || missing.empty()) break;
      const std::size_t at = index - back;
      const std::uint64_t end = at + 1 < segments->size() ? (*segments)[at + 1] : ~0ULL;
      search_segment(*reader, (*segments)[at], end, missing, found, stop);
    }
  }
  return found;
}

}  // namespace pawl::views
