// The automaton of all the spellings of all the secrets (Aho and Corasick).
#include "lang/secret/scrub.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::size_t secrets_max = 1024;

// Base64 of a text that stands behind `before` other bytes, without the characters that depend on
// its neighbours.
std::string inner_base64(std::string_view value, std::size_t before) {
  std::string shifted(before, '\0');
  shifted += value;
  const std::size_t first = (before * 8 + 5) / 6;
  const std::size_t last = shifted.size() * 8 / 6;
  std::string text = base64(shifted).substr(first, last - first);
  ::explicit_bzero(shifted.data(), shifted.size());
  return text;
}

std::string with(std::string text, char from, char to) {
  std::ranges::replace(text, from, to);
  return text;
}

void wipe(std::string& text) {
  ::explicit_bzero(text.data(), text.size());
}

bool good_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  });
}

}  // namespace

Scrubber::~Scrubber() {
  if (!nodes_.empty()) ::explicit_bzero(nodes_.data(), nodes_.size() * sizeof(Node));
}

std::uint32_t Scrubber::child_of(std::uint32_t node, char byte) const {
  if (node == 0) return first_[static_cast<unsigned char>(byte)];
  std::uint32_t child = nodes_[node].child;
  while (child != 0 && nodes_[child].byte != byte) child = nodes_[child].sibling;
  return child;
}

std::uint32_t Scrubber::next(std::uint32_t state, char byte) const {
  for (;;) {
    const std::uint32_t child = child_of(state, byte);
    if (child != 0 || state == 0) return child;
    state = nodes_[state].fail;
  }
}

void Scrubber::add(std::string_view pattern, std::size_t secret) {
  std::uint32_t at = 0;
  for (const char byte : pattern) {
    std::uint32_t child = child_of(at, byte);
    if (child == 0) {
      child = static_cast<std::uint32_t>(nodes_.size());
      Node node;
      node.byte = byte;
      node.depth = nodes_[at].depth + 1;
      if (at == 0) {
        first_[static_cast<unsigned char>(byte)] = child;
      } else {
        node.sibling = nodes_[at].child;
        nodes_[at].child = child;
      }
      nodes_.push_back(node);  // never grows: the room for all was reserved
    }
    at = child;
  }
  if (nodes_[at].hit != 0) return;  // two secrets with one value: the first one's name
  nodes_[at].hit = nodes_[at].depth;
  nodes_[at].secret = static_cast<std::uint16_t>(secret);
  longest_ = std::max(longest_, pattern.size());
}

void Scrubber::add_all(std::string_view value, std::size_t secret) {
  add(value, secret);
  if (value.contains(' ')) {  // in a form `+` stands for a blank
    std::string form = with(std::string(value), ' ', '+');
    add(form, secret);
    wipe(form);
  }
  std::string lower = hex(value);
  add(lower, secret);
  for (char& c : lower) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  add(lower, secret);
  wipe(lower);
  for (const std::size_t before : {0UL, 1UL, 2UL}) {
    std::string standard = inner_base64(value, before);
    add(standard, secret);
    standard = with(with(std::move(standard), '+', '-'), '/', '_');
    add(standard, secret);
    wipe(standard);
  }
}

// By depth, so that what a node falls back to is done before it.
void Scrubber::link() {
  std::vector<std::uint32_t> order;
  order.reserve(nodes_.size());
  for (const std::uint32_t child : first_) {
    if (child != 0) order.push_back(child);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Node& parent = nodes_[order[i]];
    for (std::uint32_t child = parent.child; child != 0; child = nodes_[child].sibling) {
      Node& node = nodes_[child];
      node.fail = next(parent.fail, node.byte);
      const Node& other = nodes_[node.fail];
      if (node.hit == 0) {
        node.hit = other.hit;
        node.secret = other.secret;
      }
      order.push_back(child);
    }
  }
}

Result<Scrubber> Scrubber::make(std::span<const Secret> secrets) {
  if (secrets.size() > secrets_max) {
    return fail(ErrorKind::invalid, fmt::format("more than {} secrets at once", secrets_max));
  }
  std::size_t bytes = 1;
  for (const Secret& secret : secrets) {
    if (!good_name(secret.name)) return fail(ErrorKind::invalid, "a secret has no printable name");
    if (secret.value.size() < scrubbed_bytes_min || secret.value.size() > scrubbed_bytes_max) {
      return fail(ErrorKind::invalid,
                  fmt::format("the secret `{}` has not between {} and {} bytes", secret.name,
                              scrubbed_bytes_min, scrubbed_bytes_max));
    }
    // Twice as it stands, twice in hexadecimal, six times in base64 of four thirds.
    bytes += secret.value.size() * (2 + 4 + 8) + 6 * 4;
  }
  Scrubber made;
  made.nodes_.reserve(bytes);  // so that no beginning of a secret is left behind by growing
  made.nodes_.emplace_back();
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    made.names_.emplace_back(secrets[i].name);
    made.add_all(secrets[i].value, i);
  }
  made.link();
  return made;
}

std::string Scrubber::scrub(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  ScrubStream stream(*this);
  stream.feed(text, out);
  stream.finish(out);
  return out;
}

}  // namespace pawl
