// Redirections, and what descriptors lead to. `/dev/stdin` is whatever descriptor 0 was opened
// from: `echo x < victim > /dev/stdin` opens the victim again and empties it. So a device is
// followed to the file behind it, and counts as harmless only where there is none.
#include <algorithm>
#include <optional>

#include "base/text.h"
#include "lang/shell/analyser.h"

namespace pawl::shell {
namespace {

// Devices that hold nothing and lead nowhere else.
bool is_sink(std::string_view path) {
  return path == "/dev/null" || path == "/dev/tty";
}

}  // namespace

std::optional<std::uint32_t> device_descriptor(std::string_view path) {
  if (path == "/dev/stdin") return 0;
  if (path == "/dev/stdout") return 1;
  if (path == "/dev/stderr") return 2;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const std::string_view digits = path.substr(folder.size());
    const bool plain = !digits.empty() && digits.size() < 5 &&
                       std::ranges::all_of(digits, [](char c) { return is_digit(c); });
    if (!plain) return std::nullopt;
    std::uint32_t number = 0;
    for (const char digit : digits) number = number * 10 + static_cast<std::uint32_t>(digit - '0');
    return number;
  }
  return std::nullopt;
}

Streams::Streams() {
  for (std::uint32_t i = 0; i < all_.size(); ++i) all_[i].number = i;
}

Stream Streams::of(std::uint32_t descriptor) const {
  if (descriptor < all_.size()) return all_[descriptor];
  return {Stream::Leads::outside, descriptor, nullptr};
}

void Streams::set(std::uint32_t descriptor, const Stream& stream) {
  // One that is not remembered is unknown to a later request.
  if (descriptor < all_.size()) all_[descriptor] = stream;
}

// Where the target of `>&3` leads; the reader let nothing but digits and `-` through.
Stream Analyser::copied(const Word& target) const {
  const std::string* text = target.literal();
  Stream unknown{Stream::Leads::outside, Stream::nowhere, nullptr};
  if (text == nullptr) return unknown;
  std::string_view digits = *text;
  if (digits.ends_with('-')) digits.remove_suffix(1);
  if (digits.empty()) return {Stream::Leads::nothing, 0, nullptr};
  return digits.size() == 1 ? streams_.of(static_cast<std::uint32_t>(digits[0] - '0')) : unknown;
}

// A device as the target of a redirection; returns what is opened.
Stream Analyser::open_device(const Redirect& redirect, std::uint32_t descriptor, Command& owner) {
  const Stream stream = streams_.of(descriptor);
  if (redirect.kind == RedirectKind::read) return stream;
  const std::uint32_t at = in_script_ ? script_at_ : redirect.at;
  if (streams_unsure_) unsure_devices_.push_back(at);
  switch (stream.leads) {
    case Stream::Leads::nothing:
      break;
    case Stream::Leads::file:
      // The line that opened the file may only have read it.
      owner.redirections.push_back({redirect.kind, reduce(*stream.file)});
      break;
    case Stream::Leads::outside:
      if (stream.number != 1 && stream.number != 2) {
        trouble(redirect.at, "a redirection to a device that may be a file");
      } else {
        outside_devices_.push_back(at);
      }
      break;
  }
  return stream;
}

// What a redirection to a word opens, and whether it belongs to what the command touches.
Stream Analyser::open_file(const Redirect& redirect, Command& owner) {
  constexpr Stream nothing{Stream::Leads::nothing, 0, nullptr};
  const bool process = std::ranges::any_of(
      redirect.target.parts, [](const Part& part) { return part.kind == PartKind::process; });
  if (process) return nothing;
  Argument target = reduce(redirect.target);
  if (!target.literal()) {
    trouble(redirect.at, "a redirection to a file whose name is unknown");
    return {Stream::Leads::outside, Stream::nowhere, nullptr};
  }
  if (target.text.starts_with("/dev/tcp/") || target.text.starts_with("/dev/udp/")) {
    trouble(redirect.at, "a redirection to the network");
    return nothing;
  }
  if (is_sink(target.text)) return nothing;
  if (const auto descriptor = device_descriptor(target.text)) {
    return open_device(redirect, *descriptor, owner);
  }
  owner.redirections.push_back({redirect.kind, std::move(target)});
  opens_files_ = true;
  return {Stream::Leads::file, 0, &redirect.target};
}

void Analyser::redirections(const Node& node, const Context& context, Command* command) {
  // A compound command's files belong to a command without a name.
  Command compound;
  Command& owner = command != nullptr ? *command : compound;
  for (const Redirect& redirect : node.redirects) {
    substitutions(redirect.target, context);
    const bool here =
        redirect.kind == RedirectKind::here || redirect.kind == RedirectKind::here_text;
    const Stream stream = here ? Stream{Stream::Leads::nothing, 0, nullptr}
                          : redirect.kind == RedirectKind::duplicate ? copied(redirect.target)
                                                                     : open_file(redirect, owner);
    streams_.set(redirect.descriptor, stream);
    if (redirect.both) streams_.set(2, stream);
    // `exec < file` redirects the shell itself, for everything that runs after it.
    const bool stays = std::ranges::any_of(node.words, [](const Word& word) {
      const std::string* text = word.literal();
      return text != nullptr && *text == "exec";
    });
    exec_opens_ = exec_opens_ || (stays && stream.leads == Stream::Leads::file);
  }
  if (command != nullptr || compound.redirections.empty()) return;
  compound.standing = Standing::silent;
  compound.context = context;
  compound.at = in_script_ ? script_at_ : node.at;
  compound.end = in_script_ ? script_at_ : node.end;
  compound.behind = behind_;
  out_.commands.push_back(std::move(compound));
}

// Once all is seen: a device that leads out of the line does so only where no `exec` changed it.
void Analyser::check_devices() {
  constexpr std::string_view why = "a redirection to a device that may be a file";
  if (exec_opens_ && !outside_devices_.empty()) return trouble(outside_devices_[0], why);
  if (opens_files_ && !unsure_devices_.empty()) trouble(unsure_devices_[0], why);
}

}  // namespace pawl::shell
