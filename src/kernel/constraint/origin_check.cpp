#include "kernel/constraint/origin_check.h"

#include <algorithm>

#include "base/text.h"
#include "kernel/constraint/compiled.h"

namespace pawl {

bool names(const std::vector<OriginSource>& sources, std::string_view spelled) {
  return std::ranges::any_of(
      sources, [&](const OriginSource& source) { return to_string(source) == spelled; });
}

std::string spoken(const std::vector<OriginSource>& sources) {
  std::string out;
  for (const OriginSource& source : sources) {
    if (!out.empty()) out += " or ";
    out +=
        source.user() ? "what the sponsor said" : "`" + escape_untrusted(to_string(source)) + "`";
  }
  return out;
}

bool origin_stands_in(CheckKind kind) {
  switch (kind) {
    case CheckKind::in:
    case CheckKind::url:
    case CheckKind::email_domain:
    case CheckKind::cidr:
    case CheckKind::hosts_in:
    case CheckKind::path:
      return true;
    case CheckKind::not_in:
    case CheckKind::min:
    case CheckKind::max:
    case CheckKind::matches:
    case CheckKind::prefix:
    case CheckKind::max_length:
    case CheckKind::max_items:
    case CheckKind::min_items:
    case CheckKind::single_line:
    case CheckKind::sql:
    case CheckKind::shell:
    case CheckKind::argv:
    case CheckKind::manifest:
    case CheckKind::json:
    case CheckKind::k8s_kind:
      return false;
  }
  return false;
}

bool leads_nowhere_else(const Check& check, const CheckedValue& value,
                        const std::vector<std::string>& hosts) {
  if (hosts.empty()) return false;
  if (check.kind == CheckKind::url) {
    UrlCheck wider = *check.url;
    for (const std::string& host : hosts) {
      if (canonical_host(host)) wider.hosts.push_back(host);
    }
    Check also = check;
    also.url = std::make_shared<const UrlCheck>(std::move(wider));
    return compile(also).has_value() && !object_to(also, value);
  }
  if (check.kind != CheckKind::hosts_in) return false;
  std::vector<std::string> all = check.texts;
  for (const std::string& host : hosts) {
    if (canonical_host(host)) all.push_back(host);
  }
  const auto set = HostSet::make(all, HostSet::Entries::hosts);
  return set && check_links(*set, value.text, purpose_of(check)).empty();
}

}  // namespace pawl
