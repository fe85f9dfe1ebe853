// Builds the tree out of yaml-cpp's events, and refuses what pawl does not accept on the way.
#pragma once

#include <yaml-cpp/eventhandler.h>

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/yaml.h"
#include "base/yaml_source.h"

namespace YAML {
struct Mark;
}

namespace pawl::yaml {

inline constexpr std::size_t depth_max = 64;
inline constexpr std::size_t errors_max = 200;

class Builder final : public YAML::EventHandler {
 public:
  // `skipped` bytes of the source were not given to the parser.
  Builder(const Source& source, std::size_t skipped) : source_(source), skipped_(skipped) {}

  // Thrown when a second document begins: nothing behind it is read.
  struct SecondDocument {};

  std::vector<Error>& errors() { return errors_; }
  // The tree as far as it was built; containers that never ended are closed as they are.
  Node finish();

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override;

 private:
  // A list or mapping that has not ended.
  struct Open {
    Node node;
    bool has_key = false;
    bool key_dropped = false;  // the value behind a key that cannot be used is thrown away
    std::string key;
    Position key_at;
    std::unordered_map<std::string, Entry> seen;  // by folded key; values stay empty
  };

  std::size_t offset(const YAML::Mark& mark) const;
  void report(std::size_t offset, std::string message);
  // False where there is a tag.
  bool check_tag(std::size_t offset, const std::string& tag);
  Node as_meant(std::size_t offset) const;
  bool is_closed(std::size_t offset) const;
  Position null_place(std::size_t offset) const;
  void open(const YAML::Mark& mark, const std::string& tag, Kind kind);
  void close();
  void place(Node node, std::size_t offset);
  void take_key(Open& map, const Node& node, std::size_t offset);
  std::string key_mistake(const Node& node, std::size_t offset) const;

  const Source& source_;
  std::size_t skipped_;
  std::vector<Error> errors_;
  std::vector<Open> open_;
  std::vector<std::size_t> starts_;  // offsets of what is open
  std::size_t too_deep_ = 0;         // levels beyond the limit that are open and not kept
  Node root_;
  std::size_t documents_ = 0;
};

}  // namespace pawl::yaml
