// Requests of the client over libcurl: one handle, so that its connection is used again.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pawl_client/client.h"

namespace pawl_client {

class Caller {
 public:
  explicit Caller(Options options);
  const Options& options() const { return options_; }

  // The body of a good answer. `body` empty: none is sent.
  Answer<std::string> ask(const char* method, std::string_view path, std::string_view body = {});
  // A body as it comes, until `take` says false.
  Answer<void> follow(std::string_view path, const std::vector<std::string>& fields,
                      const std::function<bool(std::string_view)>& take);

 private:
  struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct FreeFields {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using Fields = std::unique_ptr<curl_slist, FreeFields>;

  static bool add(Fields& to, const std::string& field);
  bool prepare(const char* method, const std::string& url, const Fields& fields);

  Options options_;
  std::unique_ptr<CURL, FreeHandle> handle_;
};

// What an answer that is no good one says.
Failure failure_of(long status, std::string_view body);

}  // namespace pawl_client
