// The samples of a rule: small trees that break it (and look as if they did, where they do not).
//
// `SAMPLES/RULE/CASE/` is a tree; its file `expected` lists the findings, one `path:line: words`
// each, where the words are a part of the message. A rule that finds less, more or elsewhere fails,
// and so does a rule without a sample that it objects to.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rules.h"

namespace pawl::check {

// What is wrong with the rule, in lines for a person; empty if it does what its samples say.
std::vector<std::string> try_samples(const Rule& rule, const std::filesystem::path& samples);

}  // namespace pawl::check
