#include "doors/mcp/transport/load.h"

#include <algorithm>

namespace pawl::mcp {
namespace {

constexpr std::size_t kept_body_bytes_max = 16UL << 10;
constexpr std::size_t documents_max = 16;

}  // namespace

Load::~Load() {
  if (first_) *first_ -= bytes_;
  if (second_) *second_ -= bytes_;
}

void Load::count_in(LoadSum sum) {
  *sum += bytes_;
  (first_ ? second_ : first_) = std::move(sum);
}

std::shared_ptr<json::Document> Load::held_by(std::shared_ptr<Load> load,
                                              std::shared_ptr<json::Document> document) {
  json::Document* const held = document.get();
  // Not of one in the other: an open subscription has a load for hours, and needs no document.
  return {std::make_shared<std::pair<std::shared_ptr<Load>, std::shared_ptr<json::Document>>>(
              std::move(load), std::move(document)),
          held};
}

std::shared_ptr<json::Document> Reading::document_for(std::size_t bytes) {
  if (bytes > kept_body_bytes_max) return std::make_shared<json::Document>();
  const auto free = std::ranges::find_if(
      documents_, [](const auto& document) { return document.use_count() == 1; });
  if (free != documents_.end()) return *free;
  auto made = std::make_shared<json::Document>();
  if (documents_.size() < documents_max) documents_.push_back(made);
  return made;
}

}  // namespace pawl::mcp
