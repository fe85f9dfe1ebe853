// Pairs of words and words that are no verbs but say something about one. See verbs.h.
#include <algorithm>
#include <array>

#include "kernel/classify/verbs.h"

namespace pawl {
namespace {

constexpr Class reads{Reversibility::read_only, Blast::small, false};
constexpr Class reads_outside{Reversibility::read_only, Blast::small, true};
constexpr Class undoable{Reversibility::reversible, Blast::small, false};
constexpr Class word_final_small{Reversibility::irreversible, Blast::small, false};
constexpr Class word_final_large{Reversibility::irreversible, Blast::large, false};

constexpr std::array phrases = std::to_array<Phrase>({
    {"apply", "diff", true, undoable},
    {"apply", "edit", true, undoable},
    {"apply", "edits", true, undoable},
    {"apply", "patch", true, undoable},
    {"dry", "run", true, reads},
    {"log", "in", true, word_final_small},
    {"log", "out", true, word_final_small},
    {"look", "up", true, reads},
    {"open", "document", true, reads},
    {"open", "file", true, reads},
    {"open", "files", true, reads},
    {"open", "link", true, reads_outside},
    {"open", "nodes", true, reads},
    {"open", "page", true, reads_outside},
    {"open", "url", true, reads_outside},
    {"pull", "request", false, undoable},
    {"pull", "requests", false, undoable},
    {"raw", "query", true, word_final_large},
    {"roll", "back", true, word_final_small},
    {"shut", "down", true, word_final_small},
    {"sign", "in", true, word_final_small},
    {"sign", "out", true, word_final_small},
    {"take", "down", true, word_final_small},
    {"tear", "down", true, word_final_large},
    {"turn", "off", true, word_final_small},
    // Writing a file may replace what stood in it; writing by a query may replace everything.
    {"write", "file", true, word_final_small},
    {"write", "files", true, word_final_small},
    {"write", "queries", true, word_final_large},
    {"write", "query", true, word_final_large},
});

constexpr std::array many_words = std::to_array<std::string_view>({
    "all",
    "batch",
    "bulk",
    "database",
    "databases",
    "db",
    "entire",
    "every",
    "everyone",
    "everything",
    "fleet",
    "global",
    "globally",
    "mass",
    "multiple",
    "prod",
    "production",
    "wildcard",
});

// Things so big that losing one is losing much.
constexpr std::array big_words = std::to_array<std::string_view>({
    "account",   "accounts",   "bucket",    "buckets",      "cluster",      "clusters",
    "namespace", "namespaces", "org",       "organisation", "organization", "project",
    "projects",  "region",     "repo",      "repos",        "repositories", "repository",
    "tenant",    "tenants",    "workspace", "workspaces",
});

constexpr std::array message_words = std::to_array<std::string_view>({
    "alert",         "announcement", "comment",     "comments", "dm",         "email",
    "emails",        "invitation",   "invitations", "invite",   "invites",    "letter",
    "mail",          "mails",        "message",     "messages", "newsletter", "notification",
    "notifications", "post",         "posts",       "replies",  "reply",      "sms",
    "tweet",         "tweets",
});

constexpr std::array outside_words = std::to_array<std::string_view>({
    "api",  "arxiv",   "bing",     "brave",     "duckduckgo", "exa",        "google",
    "http", "https",   "internet", "news",      "online",     "perplexity", "reddit",
    "rss",  "site",    "tavily",   "twitter",   "uri",        "url",        "urls",
    "web",  "webpage", "website",  "wikipedia", "www",        "youtube",
});

template <class Table>
bool has(const Table& table, std::string_view word) {
  return std::ranges::find(table, word) != table.end();
}

}  // namespace

const Phrase* find_phrase(std::string_view first, std::string_view second) {
  for (const Phrase& phrase : phrases) {
    if (phrase.first == first && phrase.second == second) return &phrase;
  }
  return nullptr;
}

bool makes_large(std::string_view word, Reversibility of) {
  return has(many_words, word) || (of == Reversibility::irreversible && has(big_words, word));
}

bool is_message(std::string_view word) {
  return has(message_words, word);
}

bool is_outside(std::string_view word) {
  return has(outside_words, word);
}

}  // namespace pawl
