#include "io/http/transfer.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "io/http/libcurl.h"

namespace pawl::http {
namespace {

// Said by libcurl, or not at all.
constexpr auto kSetByUs = std::to_array<std::string_view>(
    {"host", "content-length", "transfer-encoding", "connection", "expect", "te", "trailer",
     "upgrade", "keep-alive", "proxy-connection"});

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string result(text);
  curl_free(text);
  return result;
}

std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return transfer.take_header({bytes, size * count}) ? size * count : 0;
}

std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t length = size * count;
  if (transfer.cancelled) return 0;
  if (transfer.paused) {
    transfer.stopped = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  transfer.body_bytes += length;
  if (transfer.body_bytes > transfer.ask.body_bytes_max) {
    transfer.refusal = Error{ErrorKind::io,
                             fmt::format("the answer of `{}` is longer than {} bytes",
                                         transfer.host, transfer.ask.body_bytes_max),
                             {}};
    return 0;
  }
  if (transfer.events.body) transfer.events.body({bytes, length});
  return transfer.cancelled ? 0 : length;
}

curl_socket_t on_open(void* user, curlsocktype /*purpose*/, curl_sockaddr* address) {
  return static_cast<Transfer*>(user)->open_socket(*address);
}

int on_leave(void* user, char* /*their_ip*/, char* /*our_ip*/, int /*their_port*/,
             int /*our_port*/) {
  return static_cast<Transfer*>(user)->leave() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

// A connection that was idle for longer is not used again: servers close theirs after five seconds
// and more, and a request that meets the end of its connection has no known outcome.
constexpr long kept_idle_s = 4;

long milliseconds(Duration length) {
  return static_cast<long>(std::max<std::int64_t>(length.ns / 1'000'000, 1));
}

}  // namespace

void Transfer::wipe() {
  ask.headers.wipe();
  OPENSSL_cleanse(ask.body.data(), ask.body.size());
  for (curl_slist* line = lines.get(); line != nullptr; line = line->next) {
    OPENSSL_cleanse(line->data, std::strlen(line->data));
  }
}

bool Transfer::leave() {
  if (!std::exchange(sent, true)) return true;
  refusal =
      Error{ErrorKind::io, fmt::format("`{}` ended the connection before it answered", host), {}};
  return false;
}

Status Transfer::read_url(KnownAddress& known) {
  if (known.url && known.text == ask.url) {
    url = known.url;
    host = known.host;
    port = known.port;
    return check_host(options.reach, host, port);
  }
  url = std::shared_ptr<CURLU>(curl_url(), CurlSet());
  if (curl_url_set(url.get(), CURLUPART_URL, ask.url.c_str(),
                   CURLU_DISALLOW_USER | CURLU_PATH_AS_IS) != CURLUE_OK ||
      ask.url.find('\0') != std::string::npos) {
    return fail(ErrorKind::invalid, "the address of a request cannot be read");
  }
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return fail(ErrorKind::invalid, "the address of a request does not begin with http or https");
  }
  host = part_of(url.get(), CURLUPART_HOST);
  const std::string number = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(number.data(), number.data() + number.size(), port);
  known = {ask.url, url, host, port};
  return check_host(options.reach, host, port);
}

Status Transfer::make_lines() {
  if (!is_token(ask.method) || !sendable(ask.headers)) {
    return fail(ErrorKind::invalid, "a method or a header of a request could not be sent as it is");
  }
  const auto add = [this](std::string line) {
    curl_slist* longer = curl_slist_append(lines.get(), line.c_str());
    static_cast<void>(lines.release());
    lines.reset(longer);
    OPENSSL_cleanse(line.data(), line.size());
  };
  for (std::size_t i = 0; i < ask.headers.size(); ++i) {
    const Header header = ask.headers[i];
    if (std::ranges::find(kSetByUs, header.name) != kSetByUs.end()) {
      return fail(ErrorKind::invalid,
                  fmt::format("the header `{}` is not the caller's", header.name));
    }
    // Without a value, a colon would mean to libcurl that the field is not wanted.
    std::string line;
    line.reserve(header.name.size() + header.value.size() + 2);
    line.append(header.name).append(header.value.empty() ? ";" : ": ").append(header.value);
    add(std::move(line));
  }
  // What libcurl would add by itself.
  for (const char* name : {"accept", "content-type", "expect"}) {
    if (!ask.headers.find(name)) add(std::string(name) + ':');
  }
  return {};
}

Status Transfer::set_safety() {
  Options to(easy.get());
  to.set(CURLOPT_PROTOCOLS_STR, "http,https");
  to.set(CURLOPT_FOLLOWLOCATION, 0L);
  to.forgo(CURLOPT_PROXY, "");
  to.forgo(CURLOPT_NOPROXY, "*");
  to.forgo(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  to.set(CURLOPT_PATH_AS_IS, 1L);
  to.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  to.set(CURLOPT_HTTP09_ALLOWED, 0L);
  to.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  to.set(CURLOPT_SSL_VERIFYPEER, 1L);
  to.set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_file.empty()) {
    to.set(CURLOPT_CAINFO, options.ca_file.c_str());
    to.set(CURLOPT_CAPATH, nullptr);
  }
  if (!options.certificate.empty()) {
    to.set(CURLOPT_SSLCERT, options.certificate.c_str());
    to.set(CURLOPT_SSLKEY, options.key.c_str());
  }
  // Letting go of a name that is still being resolved would wait for the resolver, and the loop
  // too.
  to.set(CURLOPT_QUICK_EXIT, 1L);
  to.set(CURLOPT_MAXAGE_CONN, kept_idle_s);
  to.set(CURLOPT_NOSIGNAL, 1L);
  to.set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options.connect_time));
  to.set(CURLOPT_USERAGENT, options.user_agent.c_str());
  return to.taken();
}

Status Transfer::set_callbacks(Closing closing) {
  Options to(easy.get());
  to.set(CURLOPT_HEADERFUNCTION, &on_header);
  to.set(CURLOPT_WRITEFUNCTION, &on_body);
  to.set(CURLOPT_OPENSOCKETFUNCTION, &on_open);
  to.set(CURLOPT_PREREQFUNCTION, &on_leave);
  to.set(CURLOPT_CLOSESOCKETFUNCTION, closing.close);
  to.set(CURLOPT_CLOSESOCKETDATA, closing.closer);
  return to.taken();
}

void Transfer::set_user(void* user) {
  CURL* to = easy.get();
  for (const CURLoption option : {CURLOPT_PRIVATE, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA,
                                  CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA}) {
    curl_easy_setopt(to, option, user);
  }
}

void Transfer::set_body() {
  CURL* to = easy.get();
  if (ask.method == "HEAD") {
    curl_easy_setopt(to, CURLOPT_NOBODY, 1L);
  } else if (ask.method != "GET" || !ask.body.empty()) {
    if (ask.method == "POST" || ask.method == "PUT" || ask.method == "PATCH" || !ask.body.empty()) {
      curl_easy_setopt(to, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(ask.body.size()));
      curl_easy_setopt(to, CURLOPT_POSTFIELDS, ask.body.data());
    }
    curl_easy_setopt(to, CURLOPT_CUSTOMREQUEST, ask.method.c_str());
  }
}

Status Transfer::prepare(KnownAddress& known, Closing closing) {
  PAWL_TRY(read_url(known));
  PAWL_TRY(make_lines());
  if (!easy) {
    easy.reset(curl_easy_init());
    if (!easy) return fail(ErrorKind::environment, "libcurl gives no handle");
    PAWL_TRY(set_safety());
    PAWL_TRY(set_callbacks(closing));
  }
  CURL* to = easy.get();
  set_body();
  set_user(this);
  curl_easy_setopt(to, CURLOPT_TIMEOUT_MS, ask.deadline.ns > 0 ? milliseconds(ask.deadline) : 0L);
  curl_easy_setopt(to, CURLOPT_CURLU, url.get());
  curl_easy_setopt(to, CURLOPT_HTTPHEADER, lines.get());
  return {};
}

void Transfer::let_go_of_handle() {
  CURL* to = easy.get();
  set_user(nullptr);
  curl_easy_setopt(to, CURLOPT_CURLU, nullptr);
  curl_easy_setopt(to, CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(to, CURLOPT_POSTFIELDS, nullptr);
  curl_easy_setopt(to, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{0});
}

// The one place where an address is known and nothing has been sent to it yet.
curl_socket_t Transfer::open_socket(const curl_sockaddr& address) {
  if (Status allowed = check_address(options.reach, host, port, address.addr); !allowed) {
    refusal = std::move(allowed.error());
    return CURL_SOCKET_BAD;
  }
  refusal.reset();  // another address of the same name was refused before
  return ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
}

bool Transfer::take_header(std::string_view line) {
  if (cancelled) return false;
  if (head_told) return true;  // a trailer
  header_bytes += line.size();
  if (header_bytes > options.header_bytes_max) {
    refusal = Error{ErrorKind::io, fmt::format("the header of `{}` is too long", host), {}};
    return false;
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (take_head_line(line)) return !cancelled;
  refusal = Error{ErrorKind::io, fmt::format("the header of `{}` cannot be read", host), {}};
  return false;
}

bool Transfer::take_head_line(std::string_view line) {
  if (line.empty()) {
    // 100 Continue and its like are not the answer.
    if (head.status < 200) return true;
    head_told = true;
    if (events.head) events.head(std::move(head));
    return true;
  }
  if (line.starts_with("HTTP/1.") && head.status < 200) {
    head = {};
    if (line.size() < 12) return false;
    const char* end = line.data() + 12;
    return std::from_chars(line.data() + 9, end, head.status).ptr == end && head.status >= 100;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  if (!is_field_value(value)) return false;
  head.headers.add(line.substr(0, colon), value);
  return true;
}

std::optional<Error> Transfer::outcome(CURLcode code) const {
  if (code == CURLE_OK) return std::nullopt;
  if (refusal) return refusal;
  // The rest are failures of the connection; which one, libcurl says.
  const std::string words = fmt::format("cannot ask `{}`: {}", host, curl_easy_strerror(code));
  if (code == CURLE_COULDNT_RESOLVE_HOST) return Error{ErrorKind::missing, words, {}};
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
    return Error{ErrorKind::refused, words, {}};
  }
  return Error{ErrorKind::io, words, {}};
}

void Transfer::tell_end(std::optional<Error> error) {
  if (std::exchange(over, true) || cancelled) return;
  const auto told = std::move(events.end);
  if (told) told(std::move(error));
}

}  // namespace pawl::http
