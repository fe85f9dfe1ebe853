// The table of verbs. See verbs.h for how it is read.
#include <algorithm>
#include <array>

#include "kernel/classify/verbs.h"

namespace pawl {
namespace {

constexpr Reversibility read = Reversibility::read_only;
constexpr Reversibility undo = Reversibility::reversible;
constexpr Reversibility once = Reversibility::irreversible;
constexpr Blast small = Blast::small;
constexpr Blast large = Blast::large;

// Word, reversibility, blast radius, external sink, also a noun; in the order of the alphabet.
// clang-format off
constexpr std::array table = std::to_array<Verb>({
    {"abandon", once}, {"abort", undo}, {"accept", once}, {"acknowledge", undo}, {"acquire", undo},
    {"activate", undo}, {"add", undo}, {"adjust", undo}, {"aggregate", read, small, false, true},
    {"alert", once, small, true, true}, {"allocate", undo}, {"allow", once}, {"alter", undo},
    {"amend", undo}, {"analyse", read}, {"analyze", read}, {"annotate", undo},
    {"announce", once, small, true}, {"anonymise", once}, {"anonymize", once}, {"append", undo},
    {"apply", once}, {"approve", once}, {"archive", undo}, {"arrange", undo},
    {"ask", once, small, true, true}, {"assign", undo}, {"attach", undo}, {"authenticate", once},
    {"authorise", once}, {"authorize", once}, {"aws", once, large, false, true},
    {"backup", undo, small, false, true}, {"balance", read, small, false, true}, {"ban", once},
    {"bash", once, large, false, true}, {"bid", once, small, false, true},
    {"bill", once, small, false, true}, {"block", undo}, {"bookmark", undo, small, false, true},
    {"boot", once}, {"branch", undo, small, false, true}, {"broadcast", once, large, true},
    {"browse", read}, {"build", undo, small, false, true}, {"burn", once}, {"buy", once},
    {"cache", undo, small, false, true}, {"calculate", read}, {"call", once, small, true, true},
    {"cancel", once}, {"capture", once, small, false, true}, {"change", undo, small, false, true},
    {"charge", once, small, false, true}, {"check", read}, {"checkout", once, small, false, true},
    {"checksum", read, small, false, true}, {"classify", read}, {"cleanup", once}, {"clear", once},
    {"click", once}, {"clone", undo}, {"close", undo}, {"cmd", once, large, false, true},
    {"command", once, large, false, true}, {"comment", once, small, true, true},
    {"commit", once, small, false, true}, {"compare", read}, {"compile", undo, small, false, true},
    {"compress", undo}, {"compute", read}, {"configure", undo}, {"confirm", once},
    {"connect", undo}, {"console", once, large, false, true}, {"contact", once, small, true, true},
    {"continue", undo}, {"control", once, small, false, true}, {"convert", read}, {"copy", undo},
    {"correct", undo}, {"count", read}, {"crawl", read, small, true}, {"create", undo},
    {"curl", read, small, true}, {"customise", undo}, {"customize", undo},
    {"cut", undo, small, false, true}, {"cutover", once, large}, {"decline", once},
    {"decode", read}, {"decommission", once}, {"decrease", undo}, {"decrypt", undo},
    {"define", undo}, {"delete", once}, {"deliver", once, small, true}, {"demote", once},
    {"deny", once}, {"deploy", once, large}, {"deposit", once, small, false, true},
    {"depth", read, small, false, true}, {"deregister", once}, {"describe", read},
    {"destroy", once, large}, {"detach", once}, {"detag", undo}, {"detect", read},
    {"diagnostics", read, small, false, true}, {"dial", once, small, true, true},
    {"diff", read, small, false, true}, {"disable", undo}, {"disassociate", once},
    {"disburse", once}, {"discard", once}, {"disclose", once, small, true}, {"discover", read},
    {"dismiss", once}, {"dispatch", once, small, true}, {"display", read}, {"dispose", once},
    {"dm", once, small, true, true}, {"docker", once, large, false, true}, {"donate", once},
    {"download", read, small, true}, {"draft", undo, small, false, true}, {"drop", once, large},
    {"duplicate", undo}, {"echo", read}, {"edit", undo}, {"eject", once}, {"elevate", once},
    {"email", once, small, true, true}, {"emit", once, small, true}, {"empty", once},
    {"enable", undo}, {"encode", read}, {"encrypt", undo}, {"enqueue", undo}, {"enroll", undo},
    {"enter", undo}, {"erase", once}, {"escalate", once}, {"estimate", read},
    {"eval", once, large}, {"evaluate", once, large}, {"evict", once}, {"examine", read},
    {"exchange", once, small, false, true}, {"exec", once, large}, {"execute", once, large},
    {"expel", once}, {"expire", once}, {"explain", read}, {"export", read, small, true},
    {"extract", read}, {"failover", once, large}, {"favorite", undo}, {"favourite", undo},
    {"fax", once, small, true, true}, {"fetch", read, small, true}, {"fill", undo},
    {"filter", read, small, false, true}, {"finalise", once}, {"finalize", once}, {"find", read},
    {"flag", undo, small, false, true}, {"flush", once}, {"follow", undo}, {"forget", once},
    {"fork", undo, small, false, true}, {"format", read}, {"forward", once, small, true, true},
    {"gcloud", once, large, false, true}, {"generate", undo}, {"get", read}, {"glob", read},
    {"grant", once}, {"grep", read}, {"gzip", undo}, {"has", read, small, false, true},
    {"head", read}, {"health", read, small, false, true}, {"helm", once, large, false, true},
    {"help", read, small, false, true}, {"hide", undo}, {"history", read, small, false, true},
    {"hover", read}, {"identify", read}, {"impersonate", once}, {"import", undo},
    {"increase", undo}, {"increment", undo}, {"index", undo, small, false, true}, {"init", undo},
    {"initialise", undo}, {"initialize", undo}, {"insert", undo}, {"inspect", read},
    {"install", undo}, {"instantiate", undo}, {"interpret", once}, {"introspect", read},
    {"invalidate", once}, {"invite", once, small, true}, {"invoice", once, small, false, true},
    {"invoke", once}, {"is", read, small, false, true}, {"join", undo}, {"kick", once},
    {"kill", once}, {"kubectl", once, large, false, true}, {"label", undo, small, false, true},
    {"launch", once}, {"link", undo, small, false, true}, {"lint", read},
    {"liquidate", once, small, false, true}, {"list", read}, {"load", undo}, {"locate", read},
    {"lock", undo, small, false, true}, {"log", undo, small, false, true}, {"login", once},
    {"logout", once}, {"logs", read, small, false, true}, {"lookup", read},
    {"mail", once, small, true, true}, {"make", undo}, {"map", undo, small, false, true},
    {"mark", undo}, {"match", read}, {"measure", read}, {"merge", once},
    {"message", once, small, true, true}, {"metrics", read, small, false, true}, {"migrate", undo},
    {"minimize", undo}, {"mint", once, small, false, true}, {"mkdir", undo}, {"modify", undo},
    {"monitor", read}, {"move", undo}, {"mute", undo}, {"navigate", read, small, true},
    {"normalize", undo}, {"note", undo, small, false, true}, {"notify", once, small, true},
    {"nuke", once, large}, {"obliterate", once, large}, {"open", undo},
    {"order", once, small, false, true}, {"organise", undo}, {"organize", undo},
    {"overwrite", once}, {"paste", undo}, {"patch", undo, small, false, true}, {"pause", undo},
    {"pay", once}, {"peek", read}, {"perform", once, small, false, true}, {"permit", once},
    {"pin", undo}, {"ping", read, small, true}, {"poll", read}, {"post", once, small, true, true},
    {"powershell", once, large, false, true}, {"prepare", undo}, {"prepend", undo},
    {"preview", read}, {"print", read}, {"process", once, small, false, true}, {"profile", read},
    {"promote", once}, {"provision", undo}, {"prune", once}, {"publish", once, small, true},
    {"pull", undo, small, false, true}, {"purchase", once}, {"purge", once, large},
    {"push", once, small, true, true}, {"put", undo}, {"python", once, large, false, true},
    {"query", read, small, false, true}, {"queue", undo, small, false, true}, {"read", read},
    {"rearrange", undo}, {"reboot", once}, {"recall", read}, {"reclassify", undo},
    {"recommend", read}, {"record", undo, small, false, true}, {"redact", once}, {"redeem", once},
    {"redo", undo}, {"reformat", once, large}, {"refresh", undo},
    {"refund", once, small, false, true}, {"register", undo}, {"reindex", undo}, {"reject", once},
    {"rekey", once}, {"release", once}, {"remit", once}, {"remove", once}, {"rename", undo},
    {"render", read}, {"reopen", undo}, {"reorder", undo}, {"reorganize", undo},
    {"repl", once, large, false, true}, {"replace", undo}, {"reply", once, small, true, true},
    {"report", read, small, false, true}, {"request", once, small, true, true}, {"rerun", once},
    {"reset", once}, {"resize", undo}, {"resolve", read, small, true},
    {"respond", once, small, true}, {"restart", once}, {"restore", once}, {"resume", undo},
    {"retag", undo}, {"retire", once}, {"retrieve", read}, {"retry", once}, {"revert", once},
    {"review", read}, {"revoke", once}, {"rm", once}, {"rmdir", once}, {"rollback", once},
    {"rollout", once, large}, {"rotate", once}, {"run", once, large, false, true}, {"save", undo},
    {"scale", once, small, false, true}, {"scan", read}, {"schedule", undo, small, false, true},
    {"schema", read, small, false, true}, {"scrape", read, small, true},
    {"screenshot", read, small, false, true}, {"script", once, large, false, true},
    {"scroll", undo}, {"scrub", once}, {"search", read}, {"see", read}, {"select", undo},
    {"sell", once}, {"send", once, small, true}, {"set", undo, small, false, true},
    {"settle", once}, {"share", once, small, true, true}, {"shell", once, large, false, true},
    {"shift", undo}, {"ship", once, small, false, true}, {"show", read}, {"shred", once},
    {"shutdown", once}, {"sign", once}, {"simulate", read}, {"sms", once, small, true, true},
    {"snapshot", read, small, false, true}, {"sort", read}, {"spawn", once}, {"spend", once},
    {"sql", once, large, false, true}, {"ssh", once, large, false, true},
    {"stake", once, small, false, true}, {"star", undo, small, false, true}, {"start", once},
    {"stash", undo, small, false, true}, {"stat", read}, {"stats", read, small, false, true},
    {"status", read, small, false, true}, {"stop", once}, {"store", undo, small, false, true},
    {"strip", once}, {"submit", once}, {"subprocess", once, large, false, true},
    {"subscribe", undo, small, false, true}, {"sudo", once, large},
    {"sum", read, small, false, true}, {"summarise", read}, {"summarize", read},
    {"summary", read, small, false, true}, {"suspend", once}, {"switch", undo, small, false, true},
    {"sync", undo}, {"synchronize", undo}, {"system", once, large, false, true},
    {"tag", undo, small, false, true}, {"tail", read}, {"tap", once}, {"tell", read},
    {"terminal", once, large, false, true}, {"terminate", once},
    {"terraform", once, large, false, true}, {"test", read}, {"text", once, small, true, true},
    {"think", read}, {"tip", once, small, false, true}, {"toggle", undo},
    {"top", read, small, false, true}, {"touch", undo, small, false, true},
    {"trace", read, small, false, true}, {"trade", once, small, false, true},
    {"transaction", once, large, false, true}, {"transfer", once, small, false, true},
    {"translate", read, small, true}, {"transmit", once, small, true}, {"trash", once},
    {"tree", read, small, false, true}, {"trigger", once, small, false, true}, {"trim", once},
    {"truncate", once, large}, {"tune", undo}, {"turn", undo, small, false, true},
    {"tweet", once, small, true, true}, {"type", undo, small, false, true}, {"unarchive", undo},
    {"unassign", undo}, {"unblock", undo}, {"undeploy", once}, {"undo", undo}, {"unfollow", undo},
    {"unhide", undo}, {"uninstall", once}, {"unlink", once}, {"unlock", undo}, {"unmark", undo},
    {"unmute", undo}, {"unpin", undo}, {"unpublish", once}, {"unregister", once}, {"unstar", undo},
    {"unsubscribe", undo}, {"untag", undo}, {"unzip", undo}, {"update", undo}, {"upgrade", undo},
    {"upload", once, small, true}, {"upsert", undo}, {"usage", read, small, false, true},
    {"vacuum", once, large}, {"validate", read}, {"verify", read},
    {"version", read, small, false, true}, {"view", read}, {"visit", read, small, true},
    {"visualise", read}, {"visualize", read}, {"void", once}, {"watch", read},
    {"webhook", once, small, true, true}, {"wget", read, small, true}, {"whoami", read},
    {"wipe", once, large}, {"wire", once, small, false, true}, {"withdraw", once}, {"write", undo},
    {"zap", once}, {"zip", undo, small, false, true},
});
// clang-format on
static_assert(std::ranges::is_sorted(table, {}, &Verb::word));

}  // namespace

const Verb* find_verb(std::string_view word) {
  const auto* found = std::ranges::lower_bound(table, word, {}, &Verb::word);
  return found != table.end() && found->word == word ? found : nullptr;
}

std::span<const Verb> verbs() {
  return table;
}

// Pairs of words and words that are no verbs but say something about one. See verbs.h.

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
    // Without a word of version control it is the end of a purchase.
    {"branch", "checkout", true, undoable},
    {"checkout", "branch", true, undoable},
    {"checkout", "commit", true, undoable},
    {"checkout", "file", true, undoable},
    {"checkout", "files", true, undoable},
    {"checkout", "pull", true, undoable},
    {"checkout", "ref", true, undoable},
    {"checkout", "revision", true, undoable},
    {"checkout", "tag", true, undoable},
    {"dry", "run", true, reads},
    {"git", "checkout", true, undoable},
    {"git", "log", true, reads},
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
    {"query", "raw", true, word_final_large},
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
bool has(const Table& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
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

bool is_payment(std::string_view word) {
  constexpr std::array words = std::to_array<std::string_view>(
      {"charge", "charges", "deposit", "deposits", "payment", "payments", "payout", "payouts",
       "purchase", "purchases", "refund", "refunds", "transaction", "transactions", "withdrawal",
       "withdrawals"});
  return has(words, word);
}

std::size_t names_secret(std::span<const std::string> words, std::size_t at) {
  constexpr std::array alone = std::to_array<std::string_view>(
      {"credential", "credentials", "environ", "keychain", "keyring", "mfa", "otp", "passphrase",
       "passphrases", "passwd", "password", "passwords", "secret", "secrets", "totp"});
  constexpr std::array of_key =
      std::to_array<std::string_view>({"access", "api", "auth", "deploy", "encryption", "gpg",
                                       "master", "pgp", "private", "secret", "signing", "ssh"});
  constexpr std::array of_token =
      std::to_array<std::string_view>({"access", "api", "auth", "authentication", "bearer",
                                       "personal", "refresh", "security", "session"});
  const std::string_view word = words[at];
  const std::string_view next = at + 1 < words.size() ? std::string_view(words[at + 1]) : "";
  if ((next == "key" || next == "keys") && has(of_key, word)) return 2;
  if ((next == "token" || next == "tokens") && has(of_token, word)) return 2;
  const bool environment = word == "env" || word == "environment";
  if (environment && (next == "var" || next == "vars" || next.starts_with("variable"))) return 2;
  // What passwords have to look like.
  if (next == "policy" || next == "policies" || next == "requirements") return 0;
  // A search for secrets that lie about finds none that it was not given.
  if (word == "secret" && next == "scanning") return 0;
  return has(alone, word) ? 1 : 0;
}

bool gives_access(std::string_view word) {
  constexpr std::array words = std::to_array<std::string_view>(
      {"access", "acl", "acls", "collaborator", "collaborators", "forwarding", "permission",
       "permissions", "public", "role", "roles", "token", "tokens", "visibility", "webhook",
       "webhooks"});
  return has(words, word);
}

bool is_message(std::string_view word) {
  return has(message_words, word);
}

bool is_outside(std::string_view word) {
  return has(outside_words, word);
}

}  // namespace pawl
