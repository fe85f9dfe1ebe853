// What `compile` puts behind Check::index, by kind. One place knows the pairs of kind and type.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <vector>

#include "kernel/constraint/address.h"
#include "kernel/constraint/constraint.h"
#include "kernel/constraint/host_set.h"
#include "kernel/constraint/line_rule.h"
#include "kernel/constraint/links.h"
#include "kernel/constraint/literal_set.h"
#include "kernel/constraint/path_text.h"
#include "lang/document/manifest.h"
#include "lang/sql/judge.h"

namespace pawl {

struct UrlRule {
  HostSet hosts;
  std::vector<std::string> schemes;
  std::optional<std::uint64_t> query_max;
};

template <CheckKind kind>
struct IndexOf;
template <>
struct IndexOf<CheckKind::in> {
  using Type = LiteralSet;
};
template <>
struct IndexOf<CheckKind::not_in> {
  using Type = LiteralSet;
};
template <>
struct IndexOf<CheckKind::path> {
  using Type = PathRule;
};
template <>
struct IndexOf<CheckKind::url> {
  using Type = UrlRule;
};
template <>
struct IndexOf<CheckKind::email_domain> {
  using Type = HostSet;
};
template <>
struct IndexOf<CheckKind::hosts_in> {
  using Type = HostSet;
};
template <>
struct IndexOf<CheckKind::cidr> {
  using Type = std::vector<Prefix>;
};
template <>
struct IndexOf<CheckKind::sql> {
  using Type = sql::SqlRule;
};
template <>
struct IndexOf<CheckKind::shell> {
  using Type = LineRule;
};
template <>
struct IndexOf<CheckKind::argv> {
  using Type = LineRule;
};
template <>
struct IndexOf<CheckKind::manifest> {
  using Type = document::ManifestRule;
};
template <>
struct IndexOf<CheckKind::json> {
  using Type = std::vector<ArgumentRule>;
};
template <>
struct IndexOf<CheckKind::k8s_kind> {
  using Type = std::vector<std::string>;
};

// Precondition: the check has this kind and was compiled.
template <CheckKind kind>
const typename IndexOf<kind>::Type& index_of(const Check& check) {
  assert(check.kind == kind && check.index != nullptr);
  return *static_cast<const typename IndexOf<kind>::Type*>(check.index.get());
}

inline TextPurpose purpose_of(const Check& check) {
  return check.address ? TextPurpose::address : TextPurpose::prose;
}

}  // namespace pawl
