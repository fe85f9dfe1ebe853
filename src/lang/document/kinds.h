// Kinds of objects of a Kubernetes cluster, and the words that mean them.
//
// A server that takes a kind as a word accepts many spellings of one: `Secret`, `secrets`,
// `Secrets`, `secret.v1`; short names such as `po`. What is compared is what a word means. The
// table holds the kinds that every cluster has; a word outside of it means only itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::document {

struct ClusterKind {
  std::string_view kind;    // as documents write it: `NetworkPolicy`
  std::string_view plural;  // `networkpolicies`
  std::string_view group;   // of its apiVersion; empty: the core
  std::string_view shorts;  // other names, divided by blanks
};

// By kind, exactly as a document writes it; null where the table has none.
const ClusterKind* find_kind(std::string_view kind);
// The known kind that is nearest to a word, for messages; may be empty.
std::string near_kind(std::string_view word);

// What a word means: the kind of the table, or the word itself in small letters. Empty where it is
// not the name of one kind: several of them, a path, other letters than ASCII has.
std::string kind_of_word(std::string_view word);

// The words that a policy lists, each replaced by what it means; an error for one that means none.
Status compile_kinds(std::vector<std::string>& words);
// Empty, or what is wrong with a value: it has to be one of the kinds, or none of them.
std::string check_kind(const std::vector<std::string>& kinds, bool excludes,
                       std::string_view value);

}  // namespace pawl::document
