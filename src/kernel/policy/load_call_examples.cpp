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

template <Effect Expected>
void examples_of(Build& /*build*/, const ReadExamples& read, const yaml::Entry& key) {
  read(key, Expected);
}

constexpr auto kExampleKeys = section_keys<Build, const ReadExamples>(
    Section::examples,
    {
        {"allow", "list of lines or mappings", "none", 3,
         "Lines of `commands`, else arguments of calls, that run as the first of a run.",
         examples_of<Effect::allow>},
        {"hold", "list of lines or mappings", "none", 3, "The same that wait for a person.",
         examples_of<Effect::hold>},
        {"deny", "list of lines or mappings", "none", 3, "The same that are refused.",
         examples_of<Effect::deny>},
    });

}  // namespace

void list_example_keys(std::vector<Key>& into) {
  kExampleKeys.list(into);
}

void read_examples(Build& build, const yaml::Entry& key, const ReadExamples& read) {
  read_section(build, key.value, kExampleKeys, read);
}

void read_call_examples(Build& build, const yaml::Entry& key, ToolRule& rule) {
  read_examples(build, key, [&](const yaml::Entry& list, Effect expected) {
    build.reading.items(list.value, list.key, [&](const yaml::Node& item) {
      if (rule.examples.size() < limits::examples_max) {
        read_example(build, item, expected, rule);
      } else if (rule.examples.size() == limits::examples_max) {
        build.reading.mistake(item.at, fmt::format("more than {} examples", limits::examples_max));
      }
    });
  });
}

}  // namespace pawl
