// `examples` of an entry without `commands`: calls with the verdict that they have to get.
#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml_json.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

void read_example(Build& build, const yaml::Node& item, Effect expected, ToolRule& rule) {
  Example example;
  example.expected = expected;
  example.rule = {rule.rule.path + "/examples/" + std::string(to_string(expected)), item.at};
  if (!item.is_map()) {
    build.reading.mistake(item.at,
                          fmt::format("an example is a mapping of arguments, such as `{{to: "
                                      "[ada@myco.example]}}`, found {}",
                                      item.described()));
    return;
  }
  json::Writer arguments;
  write_json(item, arguments);
  example.arguments = arguments.take();
  rule.examples.push_back(std::move(example));
}

}  // namespace

void read_call_examples(Build& build, const yaml::Entry& key, ToolRule& rule) {
  build.reading.keys(key.value, Section::examples, [&](const yaml::Entry& list) {
    const Effect expected = list.key == "allow"  ? Effect::allow
                            : list.key == "hold" ? Effect::hold
                                                 : Effect::deny;
    build.reading.items(list.value, list.key, [&](const yaml::Node& item) {
      if (rule.examples.size() < limits::examples_max) {
        read_example(build, item, expected, rule);
      } else if (rule.examples.size() == limits::examples_max) {
        build.reading.mistake(item.at, fmt::format("more than {} examples", limits::examples_max));
      }
    });
    return true;
  });
}

}  // namespace pawl
