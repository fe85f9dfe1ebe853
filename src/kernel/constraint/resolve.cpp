// The arguments that the gate has to look into before the kernel is asked: paths, SQL, origins.
#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "base/json_pointer.h"
#include "kernel/constraint/argument_path.h"
#include "kernel/constraint/compiled.h"
#include "kernel/constraint/constraint.h"
#include "kernel/constraint/links.h"
#include "kernel/constraint/url_text.h"

namespace pawl {
namespace {

constexpr std::size_t origin_hosts_max = 64;  // of one text

using Found = std::vector<std::pair<std::string, std::string>>;
// Takes a value that is not a list, and where it stands.
using Take = std::function<void(const std::string& pointer, json::View value)>;
using TakeText = std::function<void(const std::string& pointer, std::string_view text)>;

void collect(const ArgumentRule& rule, json::View value, std::size_t step, bool element,
             const std::string& pointer, const Take& take) {
  const bool end = step == rule.path.size();
  if (value.is_array()) {
    const bool stated = !end && rule.path[step].each;
    if (!stated && element) return;  // refused by evaluate
    std::uint64_t index = 0;
    for (json::View inner : value.elements()) {
      std::string where = pointer;
      json::append_pointer(index++, where);
      collect(rule, inner, stated ? step + 1 : step, true, where, take);
    }
    return;
  }
  if (!end) {
    if (rule.path[step].each) return;
    const json::View inner = value[rule.path[step].name];
    std::string where = pointer;
    json::append_pointer(rule.path[step].name, where);
    if (inner.exists()) collect(rule, inner, step + 1, false, where, take);
    return;
  }
  take(pointer, value);
}

// Every value that a rule is about, whichever way the rule names its argument.
void collect(const ArgumentRule& rule, json::View arguments, const Take& take) {
  if (!rule.path.empty()) {
    collect(rule, arguments, 0, false, {}, take);
    return;
  }
  for (const std::string& reading : singulars(rule.plural)) {
    const json::View value = arguments[reading];
    std::string where;
    json::append_pointer(reading, where);
    if (value.exists()) collect(rule, value, 0, false, where, take);
  }
}

void collect_texts(const ArgumentRule& rule, json::View arguments, const TakeText& take) {
  collect(rule, arguments, [&take](const std::string& pointer, json::View value) {
    if (value.is_string()) take(pointer, value.string());
  });
}

// Looks up the values of one rule.
class Search {
 public:
  Search(const ArgumentRule& rule, const RunOrigins& known, std::vector<OriginFact>& into)
      : rule_(rule), known_(known), into_(into) {}

  void look(const std::string& pointer, json::View value) {
    first_of(rule_.from, pointer, value);
    first_of(rule_.or_from, pointer, value);
    if (!value.is_string()) return;
    for (const Check& check : rule_.checks) {
      if (check.index == nullptr) continue;
      if (check.kind == CheckKind::hosts_in) {
        hosts_of(index_of<CheckKind::hosts_in>(check), purpose_of(check), pointer, value.string());
      } else if (check.kind == CheckKind::url) {
        host_of(pointer, value.string());
      } else if (check.kind == CheckKind::path) {
        directory_of(index_of<CheckKind::path>(check), pointer, value.string());
      }
    }
  }

 private:
  void first_of(const std::vector<OriginSource>& sources, const std::string& pointer,
                json::View value) {
    for (const OriginSource& source : sources) {
      if (auto call = known_.find(source, value)) {
        return add({pointer, "", to_string(source), *std::move(call)});
      }
    }
  }
  // The hosts of links in the text that the rule does not list and a source knows. Asked while the
  // links are read, which costs one look each, however many hosts the sources know.
  void hosts_of(const HostSet& listed, TextPurpose purpose, const std::string& pointer,
                std::string_view text) {
    if (rule_.or_from.empty()) return;
    std::set<std::string, std::less<>> met;
    (void)check_links(listed, text, purpose, [&](std::string_view host) {
      if (met.contains(host)) return true;
      if (met.size() == origin_hosts_max) return false;
      const bool known = add_host(pointer, host);
      if (known) met.emplace(host);
      return known;
    });
  }
  bool add_host(const std::string& pointer, std::string_view host) {
    bool known = false;
    for (const OriginSource& source : rule_.or_from) {
      const auto call = known_.call_of_host(source, host);
      if (!call) continue;
      known = true;
      add({pointer, std::string(host), to_string(source), *call});
    }
    return known;
  }
  // The host of an address, at the port of its scheme.
  void host_of(const std::string& pointer, std::string_view text) {
    UrlParts parts;
    if (read_url(text, parts).empty() && parts.port.empty()) add_host(pointer, parts.host);
  }
  // The innermost directory above a path, or the path itself, that a source names.
  void directory_of(const PathRule& rule, const std::string& pointer, std::string_view text) {
    if (rule_.or_from.empty()) return;
    std::string joined;
    std::string_view path;
    if (!spell_path(rule, text, joined, path).empty()) return;
    for (const OriginSource& source : rule_.or_from) {
      for (std::string_view at = path; at.size() > 1; at = at.substr(0, at.rfind('/'))) {
        const auto call = known_.call_of_directory(source, at, rule.base);
        if (!call) continue;
        add({pointer, std::string(at), to_string(source), *call});
        break;
      }
    }
  }
  void add(OriginFact fact) {
    const bool there = std::ranges::any_of(into_, [&](const OriginFact& other) {
      return other.pointer == fact.pointer && other.part == fact.part &&
             other.source == fact.source;
    });
    if (!there) into_.push_back(std::move(fact));
  }

  const ArgumentRule& rule_;
  const RunOrigins& known_;
  std::vector<OriginFact>& into_;
};

}  // namespace

std::vector<OriginFact> find_origins(std::span<const ArgumentRule> rules, json::View arguments,
                                     const RunOrigins& known) {
  std::vector<OriginFact> out;
  std::size_t looked = 0;
  for (const ArgumentRule& rule : rules) {
    if (rule.from.empty() && rule.or_from.empty()) continue;
    Search search(rule, known, out);
    collect(rule, arguments, [&](const std::string& pointer, json::View value) {
      if (++looked <= origin_lookups_max) search.look(pointer, value);
    });
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> paths_to_resolve(
    std::span<const ArgumentRule> rules, json::View arguments, const Shape*) {
  Found out;
  for (const ArgumentRule& rule : rules) {
    for (const Check& check : rule.checks) {
      if (check.kind != CheckKind::path || check.index == nullptr) continue;
      const PathRule& path = index_of<CheckKind::path>(check);
      collect_texts(rule, arguments, [&](const std::string& pointer, std::string_view text) {
        std::string joined;
        std::string_view canonical;
        // What fails as written is denied without a look at the file system, unless a person or
        // an origin may let it pass; what has no fact is denied, too.
        if (out.size() == paths_resolved_max) return;
        const bool outside_too = rule.otherwise == Effect::hold || !rule.or_from.empty();
        if (!spell_path(path, text, joined, canonical).empty()) return;
        if (outside_too || check_place(path, canonical).empty()) {
          out.emplace_back(pointer, canonical);
        }
      });
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> sql_to_read(std::span<const ArgumentRule> rules,
                                                             json::View arguments) {
  Found out;
  for (const ArgumentRule& rule : rules) {
    for (const Check& check : rule.checks) {
      if (check.kind != CheckKind::sql) continue;
      std::size_t bytes = 0;
      collect_texts(rule, arguments, [&](const std::string& pointer, std::string_view text) {
        bytes += text.size();
        if (out.size() == sql_texts_max || bytes > sql_bytes_max) return;
        out.emplace_back(pointer, text);
      });
    }
  }
  return out;
}

}  // namespace pawl
