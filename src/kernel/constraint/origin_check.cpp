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
