// One request in libcurl's hands. Inside of this room only.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/http/client.h"

namespace pawl::http {

struct CurlSet {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

using EasyHandle = std::unique_ptr<CURL, CurlSet>;

// An address that was read before: most requests of a client go to one.
struct KnownAddress {
  std::string text;
  std::shared_ptr<CURLU> url;
  std::string host;
  std::uint16_t port = 0;
};

// What closes a socket of libcurl.
struct Closing {
  curl_closesocket_callback close;
  void* closer;
};

struct Transfer : std::enable_shared_from_this<Transfer> {
  Transfer(const ClientOptions& o, Ask a, FetchEvents e)
      : options(o), ask(std::move(a)), events(std::move(e)) {}
  ~Transfer() { wipe(); }
  Transfer(const Transfer&) = delete;

  // Header fields and the body may hold secrets: our copies of them are made zero.
  void wipe();

  // Everything that libcurl has to know. ErrorKind::invalid or refused where it must not be sent.
  // `easy` may hold a handle that another request let go of.
  Status prepare(KnownAddress& known, Closing closing);
  // Handles of such requests may be used again.
  bool posts() const { return ask.method == "POST"; }
  // Nothing of this request is left in its handle.
  void let_go_of_handle();
  // After the transfer: what to tell.
  std::optional<Error> outcome(CURLcode code) const;
  void tell_end(std::optional<Error> error);

  // Called by libcurl; false ends the transfer.
  bool take_header(std::string_view line);
  bool take_head_line(std::string_view line);
  curl_socket_t open_socket(const curl_sockaddr& address);
  // A connection is there and the request is about to leave. False the second time: libcurl would
  // ask again where a connection that it had kept ended, and the other side may have acted already.
  bool leave();

  const ClientOptions& options;  // outlives: the client's state does
  Ask ask;
  FetchEvents events;
  std::function<void()> let_go;  // asks the client to look again: cancelled, or to go on
  std::shared_ptr<CURLU> url;
  std::unique_ptr<curl_slist, CurlSet> lines;
  EasyHandle easy;
  std::string host;
  std::uint16_t port = 0;
  AnswerHead head;
  std::size_t header_bytes = 0;
  std::size_t body_bytes = 0;
  std::optional<Error> refusal;  // why we ended it
  bool head_told = false;
  bool added = false;  // to libcurl's set
  bool paused = false;
  bool stopped = false;  // libcurl waits for us to go on
  bool cancelled = false;
  bool sent = false;  // bytes of it may have left
  bool fine = false;  // libcurl had nothing against it
  bool over = false;

 private:
  Status read_url(KnownAddress& known);
  Status make_lines();
  // False in a handle that must not be used.
  Status set_safety();
  Status set_callbacks(Closing closing);
  void set_body();
  void set_user(void* user);
};

}  // namespace pawl::http
