#include "io/notify/mail.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "io/http/libcurl.h"

namespace pawl::notify {
namespace {

constexpr Duration look_after = Duration::milliseconds(5);
constexpr long mail_within_ms = 20'000;
constexpr long mail_connect_within_ms = 10'000;

// libcurl's two kinds of handles are one type.
struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// A mail in libcurl's hands.
struct Mailing {
  explicit Mailing(MailOrder o) : order(std::move(o)) {}
  ~Mailing() {
    if (added) curl_multi_remove_handle(multi.get(), easy.get());
  }
  Mailing(const Mailing&) = delete;

  MailOrder order;
  std::size_t read = 0;
  std::optional<Error> refusal;
  bool added = false;
  std::unique_ptr<CURLM, FreeMulti> multi{curl_multi_init()};
  std::unique_ptr<CURL, FreeEasy> easy{curl_easy_init()};
  std::unique_ptr<curl_slist, FreeList> to;
};

std::size_t on_mail_read(char* into, std::size_t size, std::size_t count, void* user) {
  auto& mailing = *static_cast<Mailing*>(user);
  const std::string& text = mailing.order.text;
  const std::size_t bytes = std::min(size * count, text.size() - mailing.read);
  std::memcpy(into, text.data() + mailing.read, bytes);
  mailing.read += bytes;
  return bytes;
}

// What the server says is of no interest, and nothing of it goes to our standard output.
std::size_t on_mail_answer(char* /*bytes*/, std::size_t size, std::size_t count, void* /*user*/) {
  return size * count;
}

curl_socket_t on_mail_socket(void* user, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& mailing = *static_cast<Mailing*>(user);
  const MailOrder& order = mailing.order;
  auto made = http::open_allowed(order.reach, order.host, order.port, address->addr,
                                 {address->family, address->socktype, address->protocol});
  if (made) return *made;
  mailing.refusal = std::move(made.error());
  return CURL_SOCKET_BAD;
}

Status set_mail_safety(CURL* easy, const MailOrder& order) {
  const http::Libcurl library = http::Libcurl::made();
  PAWL_TRY(http::fit(library));
  http::Options to(easy);
  to.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  to.forgo(CURLOPT_PROXY, "");
  to.forgo(CURLOPT_NOPROXY, "*");
  to.forgo(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  to.set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  to.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  to.set(CURLOPT_SSL_VERIFYPEER, 1L);
  to.set(CURLOPT_SSL_VERIFYHOST, 2L);
  const std::string ca = order.ca_file.empty() ? http::roots_elsewhere(library) : order.ca_file;
  if (!ca.empty()) {
    to.set(CURLOPT_CAINFO, ca.c_str());
    to.set(CURLOPT_CAPATH, nullptr);
  }
  to.set(CURLOPT_QUICK_EXIT, 1L);
  to.set(CURLOPT_NOSIGNAL, 1L);
  to.set(CURLOPT_TIMEOUT_MS, mail_within_ms);
  to.set(CURLOPT_CONNECTTIMEOUT_MS, mail_connect_within_ms);
  return to.taken();
}

Status begin_mail(Mailing& mailing) {
  const MailOrder& order = mailing.order;
  PAWL_TRY(http::check_host(order.reach, order.host, order.port));
  CURL* easy = mailing.easy.get();
  if (easy == nullptr || !mailing.multi) {
    return fail(ErrorKind::environment, "libcurl gives no handle");
  }
  const bool numbers = order.host.find(':') != std::string::npos;
  const std::string url =
      fmt::format("{}://{}{}{}:{}", order.tls_from_start ? "smtps" : "smtp", numbers ? "[" : "",
                  order.host, numbers ? "]" : "", order.port);
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  PAWL_TRY(set_mail_safety(easy, order));
  if (!order.password.empty()) {
    std::string password(order.password.bytes());
    curl_easy_setopt(easy, CURLOPT_USERNAME, order.user.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, password.c_str());
    secrets::wipe(password);
  }
  mailing.to.reset(curl_slist_append(nullptr, ("<" + order.to + ">").c_str()));
  http::Options to(easy);
  to.set(CURLOPT_MAIL_FROM, ("<" + order.from + ">").c_str());
  to.set(CURLOPT_MAIL_RCPT, mailing.to.get());
  to.set(CURLOPT_UPLOAD, 1L);
  to.set(CURLOPT_READFUNCTION, &on_mail_read);
  to.set(CURLOPT_READDATA, &mailing);
  to.set(CURLOPT_WRITEFUNCTION, &on_mail_answer);
  to.set(CURLOPT_OPENSOCKETFUNCTION, &on_mail_socket);
  to.set(CURLOPT_OPENSOCKETDATA, &mailing);
  PAWL_TRY(to.taken());
  if (curl_multi_add_handle(mailing.multi.get(), easy) != CURLM_OK) {
    return fail(ErrorKind::environment, "libcurl takes no further mail");
  }
  mailing.added = true;
  return {};
}

Attempt ended(Mailing& mailing, CURLcode code) {
  if (code == CURLE_OK) return {Attempt::End::told, {}, {}};
  if (mailing.refusal && code == CURLE_COULDNT_CONNECT) {
    return {Attempt::End::refused, mailing.refusal->message, {}};
  }
  long said = 0;
  curl_easy_getinfo(mailing.easy.get(), CURLINFO_RESPONSE_CODE, &said);
  const std::string& host = mailing.order.host;
  const std::string why =
      said >= 400 ? fmt::format("`{}` answered {}", host, said)
                  : fmt::format("cannot mail by `{}`: {}", host, curl_easy_strerror(code));
  const bool never = said >= 500 || code == CURLE_PEER_FAILED_VERIFICATION ||
                     code == CURLE_SSL_CACERT_BADFILE || code == CURLE_LOGIN_DENIED ||
                     code == CURLE_USE_SSL_FAILED;
  return {never ? Attempt::End::refused : Attempt::End::again, why, {}};
}

}  // namespace

Task<Attempt> send_mail(net::Loop& loop, MailOrder order) {
  Mailing mailing(std::move(order));
  if (Status begun = begin_mail(mailing); !begun) {
    co_return Attempt{Attempt::End::refused, begun.error().message, {}};
  }
  for (;;) {
    int running = 0;
    curl_multi_perform(mailing.multi.get(), &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(mailing.multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) co_return ended(mailing, message->data.result);
    }
    co_await loop.sleep(look_after);
  }
}

}  // namespace pawl::notify
