#include "kernel/origin/origin.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kernel/origin/forms.h"
#include "kernel/origin/structured.h"

namespace pawl {
RunOrigins::RunOrigins(const std::vector<OriginSource>& wanted) {
  for (const OriginSource& source : wanted) {
    if (!source.user() && field(source) == nullptr) fields_.push_back({source, {}, {}});
  }
}

const RunOrigins::Field* RunOrigins::field(const OriginSource& source) const {
  const auto found = std::ranges::find(fields_, source, &Field::source);
  return found == fields_.end() ? nullptr : &*found;
}

bool RunOrigins::wants(std::string_view server, std::string_view tool) const {
  return std::ranges::any_of(fields_,
                             [&](const Field& field) { return field.source.is_of(server, tool); });
}

void RunOrigins::keep(Field& field, json::View value, std::uint32_t call) {
  const auto put = [this, call](auto& into, std::string form) {
    if (form.empty() || into.contains(form)) return;
    if (values_ == origin_values_max || bytes_ + form.size() > origin_bytes_max) {
      complete_ = false;
      return;
    }
    ++values_;
    bytes_ += form.size();
    into.emplace(std::move(form), call);
  };
  for (std::string& form : forms_of(value)) put(field.forms, std::move(form));
  if (value.is_string() && comparable(value.string())) {
    put(field.hosts, host_form(value.string()));
  }
}

void RunOrigins::add_result(std::string_view server, std::string_view tool, std::string_view call,
                            json::View result) {
  if (!wants(server, tool)) return;
  const Structured parts = structured_parts(result);
  const auto index = static_cast<std::uint32_t>(calls_.size());
  calls_.emplace_back(call);
  for (Field& field : fields_) {
    if (!field.source.is_of(server, tool)) continue;
    for (const json::View part : parts.views) {
      each_at(part, field.source.field, [&](json::View value) { keep(field, value, index); });
    }
  }
}

std::optional<std::string> RunOrigins::find(const OriginSource& source, json::View value) const {
  if (source.user()) {
    return words_.said(value) ? std::optional<std::string>("") : std::nullopt;
  }
  const Field* known = field(source);
  if (known == nullptr) return std::nullopt;
  for (const std::string& form : forms_of(value)) {
    const auto found = known->forms.find(form);
    if (found != known->forms.end()) return calls_[found->second];
  }
  return std::nullopt;
}

std::optional<std::string> RunOrigins::call_of_host(const OriginSource& source,
                                                    std::string_view host) const {
  host = without_www(host);
  if (source.user()) {
    return words_.hosts().contains(host) ? std::optional<std::string>("") : std::nullopt;
  }
  const Field* known = field(source);
  if (known == nullptr) return std::nullopt;
  const auto found = known->hosts.find(std::string(host));
  return found == known->hosts.end() ? std::nullopt : std::optional(calls_[found->second]);
}

std::optional<std::string> RunOrigins::call_of_directory(const OriginSource& source,
                                                         std::string_view directory,
                                                         std::string_view base) const {
  if (!source.user()) {
    const Field* known = field(source);
    if (known == nullptr) return std::nullopt;
    const auto found = known->forms.find("t:" + std::string(directory));
    return found == known->forms.end() ? std::nullopt : std::optional(calls_[found->second]);
  }
  const auto& named = words_.paths();
  if (named.contains(directory)) return "";
  if (base.empty() || !directory.starts_with(base)) return std::nullopt;
  const std::string_view below = directory.substr(base.size());
  const bool inside = below.size() > 1 && below.front() == '/';
  return inside && named.contains(below.substr(1)) ? std::optional<std::string>("") : std::nullopt;
}

}  // namespace pawl
