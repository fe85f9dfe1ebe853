// The automaton of all the spellings of all the secrets (Aho and Corasick).
#include "lang/secret/scrub.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <strings.h>

#include "base/text.h"
#include "lang/secret/decoder.h"

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

// A text is read once as it stands and, from an escape on, through the views that undo it. A view
// that is in the same place as the plain text again, with no escape behind it that counts, rests.

namespace {

constexpr std::size_t flush_bytes = 64UL << 10;

struct Cut {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::size_t secret = 0;
};

constexpr std::array<std::pair<Escapes, Escapes>, 5> views_of = {{
    {Escapes::percent, Escapes::none},
    {Escapes::percent, Escapes::percent},
    {Escapes::json, Escapes::none},
    {Escapes::json, Escapes::json},
    {Escapes::json, Escapes::percent},
}};

bool wakes(Escapes escapes, char byte) {
  return (escapes == Escapes::percent && byte == '%') || (escapes == Escapes::json && byte == '\\');
}

// The text without some of its escapes.
struct View {
  View(Escapes outer, Escapes inner) : kinds(outer, inner), first(outer), second(inner) {}

  bool woken_by(char byte) const { return wakes(kinds.first, byte) || wakes(kinds.second, byte); }
  // Where in the source the last `count` decoded bytes begin.
  std::uint64_t begin_of(std::size_t count) const {
    return begins[(taken - count) % begins.size()];
  }

  std::pair<Escapes, Escapes> kinds;
  Decoder first, second;
  bool awake = false;
  std::uint32_t state = 0;
  std::vector<std::uint64_t> begins;  // of the last decoded bytes, as a ring
  std::uint64_t taken = 0;
  std::uint64_t since_escape = 0;
};

}  // namespace

struct ScrubStream::State {
  explicit State(const Scrubber& from) : scrubber(from) {
    for (const auto& [outer, inner] : views_of) views.emplace_back(outer, inner);
  }

  void take(char byte);
  void wake(View& view);
  void step(View& view, char byte);
  void match(View& view, const Decoded& one);
  bool rests(const View& view) const;
  void cut(Cut found);
  std::uint64_t safe() const;
  void flush(std::uint64_t until, std::string& out);
  bool begins(char byte) const { return scrubber.first_[static_cast<unsigned char>(byte)] != 0; }
  std::size_t harmless_escape(std::string_view text) const;
  std::size_t skip(std::string_view piece) const;

  const Scrubber& scrubber;
  std::vector<View> views;
  std::size_t awake = 0;
  std::uint32_t state = 0;
  std::uint64_t at = 0;    // bytes that were read
  std::uint64_t base = 0;  // where `held` begins
  std::string held;
  std::vector<Cut> cuts;  // in `held`, apart from each other, by place
  std::size_t found = 0;
};

// From here on the view reads for itself; up to here it is where the plain text is.
void ScrubStream::State::wake(View& view) {
  if (view.begins.empty()) view.begins.resize(std::max<std::size_t>(scrubber.longest_, 1));
  const std::uint32_t depth = scrubber.nodes_[state].depth;
  view.awake = true;
  view.state = state;
  view.taken = at;
  for (std::uint64_t i = at - depth; i < at; ++i) view.begins[i % view.begins.size()] = i;
  view.since_escape = depth;
  ++awake;
}

void ScrubStream::State::match(View& view, const Decoded& one) {
  view.begins[view.taken % view.begins.size()] = one.begin;
  ++view.taken;
  view.since_escape = one.escaped ? 0 : view.since_escape + 1;
  view.state = scrubber.next(view.state, one.byte);
  const Scrubber::Node& node = scrubber.nodes_[view.state];
  if (node.hit != 0) cut({view.begin_of(node.hit), one.end, node.secret});
}

void ScrubStream::State::step(View& view, char byte) {
  const auto last = [&](const Decoded& one) { match(view, one); };
  const auto inner = [&](const Decoded& one) {
    if (view.kinds.second == Escapes::none) return match(view, one);
    view.second.take(one, last);
  };
  view.first.take({byte, false, at, at + 1}, inner);
}

bool ScrubStream::State::rests(const View& view) const {
  return view.first.idle() && view.second.idle() && view.state == state &&
         view.since_escape >= scrubber.nodes_[state].depth;
}

void ScrubStream::State::take(char byte) {
  if (byte == '%' || byte == '\\') {
    for (View& view : views) {
      if (!view.awake && view.woken_by(byte)) wake(view);
    }
  }
  state = scrubber.next(state, byte);
  const Scrubber::Node& node = scrubber.nodes_[state];
  if (node.hit != 0) cut({at + 1 - node.hit, at + 1, node.secret});
  if (awake > 0) {
    for (View& view : views) {
      if (!view.awake) continue;
      step(view, byte);
      if (!rests(view)) continue;
      view.awake = false;
      --awake;
    }
  }
  ++at;
}

// What overlaps is one cut. It ends here, so nothing found before it ends later.
void ScrubStream::State::cut(Cut next) {
  while (!cuts.empty() && cuts.back().end > next.begin) {
    if (cuts.back().begin <= next.begin) next.secret = cuts.back().secret;
    next.begin = std::min(next.begin, cuts.back().begin);
    next.end = std::max(next.end, cuts.back().end);
    cuts.pop_back();
  }
  cuts.push_back(next);
}

// Up to where nothing can become part of a secret any more.
std::uint64_t ScrubStream::State::safe() const {
  std::uint64_t until = at - scrubber.nodes_[state].depth;
  for (const View& view : views) {
    if (!view.awake) continue;
    const std::uint32_t depth = scrubber.nodes_[view.state].depth;
    if (depth > 0) until = std::min(until, view.begin_of(depth));
    if (!view.second.idle()) until = std::min(until, view.second.pending());
    if (!view.first.idle()) until = std::min(until, view.first.pending());
  }
  return until;
}

void ScrubStream::State::flush(std::uint64_t until, std::string& out) {
  // A cut that may still grow stays whole.
  for (const Cut& one : cuts) {
    if (one.begin < until && one.end > until) until = one.begin;
  }
  std::uint64_t from = base;
  std::size_t done = 0;
  for (; done < cuts.size() && cuts[done].end <= until; ++done) {
    out.append(held, from - base, cuts[done].begin - from);
    out.append("[redacted ").append(scrubber.names_[cuts[done].secret]).append("]");
    from = cuts[done].end;
    ++found;
  }
  cuts.erase(cuts.begin(), cuts.begin() + static_cast<std::ptrdiff_t>(done));
  out.append(held, from - base, until - from);
  held.erase(0, until - base);
  base = until;
}

// The bytes of an escape that begins nothing, neither as it stands nor undone; 0 where it might.
std::size_t ScrubStream::State::harmless_escape(std::string_view text) const {
  std::size_t size = 2;
  char means = 0;
  if (text[0] == '\\') {
    const std::size_t name = text.size() < size ? text.npos : json_names.find(text[1]);
    if (name == text.npos) return 0;
    means = json_means[name];
  } else {
    size = 3;
    const int high = text.size() < size ? -1 : hex_value(text[1]);
    const int low = text.size() < size ? -1 : hex_value(text[2]);
    if (high < 0 || low < 0) return 0;
    means = static_cast<char>(high << 4 | low);
  }
  if (means == '%' || means == '\\' || begins(means)) return 0;
  for (const char byte : text.substr(0, size)) {
    if (begins(byte)) return 0;
  }
  return size;
}

// How many bytes from here on begin nothing. Only speed: every view would come to the same.
std::size_t ScrubStream::State::skip(std::string_view piece) const {
  if (state != 0 || awake != 0) return 0;
  std::size_t i = 0;
  while (i < piece.size() && !begins(piece[i])) {
    const bool escape = piece[i] == '%' || piece[i] == '\\';
    const std::size_t size = escape ? harmless_escape(piece.substr(i)) : 1;
    if (size == 0) break;
    i += size;
  }
  return i;
}

ScrubStream::ScrubStream(const Scrubber& scrubber) : state_(std::make_unique<State>(scrubber)) {}
ScrubStream::~ScrubStream() = default;

void ScrubStream::feed(std::string_view piece, std::string& out) {
  State& s = *state_;
  while (!piece.empty()) {
    const std::string_view part = piece.substr(0, flush_bytes);
    s.held += part;
    for (std::size_t i = 0; i < part.size();) {
      const std::size_t idle = s.skip(part.substr(i));
      s.at += idle;
      i += idle;
      if (i < part.size()) s.take(part[i++]);
    }
    s.flush(s.safe(), out);
    piece.remove_prefix(part.size());
  }
}

void ScrubStream::finish(std::string& out) {
  State& s = *state_;
  for (View& view : s.views) {
    if (!view.awake) continue;
    const auto last = [&](const Decoded& one) { s.match(view, one); };
    const auto inner = [&](const Decoded& one) {
      if (view.kinds.second == Escapes::none) return s.match(view, one);
      view.second.take(one, last);
    };
    view.first.finish(inner);
    view.second.finish(last);
    view.awake = false;
  }
  s.awake = 0;
  s.state = 0;
  s.flush(s.at, out);
}

std::size_t ScrubStream::found() const {
  return state_->found;
}

}  // namespace pawl
