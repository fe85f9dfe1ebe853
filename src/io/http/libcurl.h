// The libcurl that this program was linked with: whether it is made of what requests and mail need.
//
// libcurl can be built without nearly everything, and takes most of what it is told about a part
// that it has not got without a word. Names would be looked up on our loop, where every call waits
// for them; mail would have no way out; what must not happen would. So a node that finds such a
// library does not start, and no request of ours leaves by one. Safety hangs on options too: each
// is either taken, or what it is set for is not asked (`Options`).
// Pure, but for what `made` asks the library and `roots` the disk.
#pragma once

#include <curl/curl.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace pawl::http {

struct Libcurl {
  unsigned version = 0;  // 0x075801 is 7.88.1
  std::vector<std::string> protocols = {};
  bool tls = false;
  bool names_aside = false;  // looks names up beside the loop
  // The certificates that it trusts by itself, a file and a folder; empty: none.
  std::string roots_file = {}, roots_folder = {};

  static Libcurl made();
};

// ErrorKind::environment with everything that is missing.
Status fit(const Libcurl& library);

// A file of trusted certificates, where those that the library was built for are not on this
// machine; empty where they are, or where no machine that we know keeps them. A program that was
// linked for one distribution runs on another this way.
std::string roots_elsewhere(const Libcurl& library);

// The options of a handle.
class Options {
 public:
  explicit Options(CURL* easy) : easy_(easy) {}
  template <typename Value>
  void set(CURLoption option, Value value) {
    keep(option, curl_easy_setopt(easy_, option, value));
  }
  // Switches a part off; a library without that part is as wanted.
  template <typename Value>
  void forgo(CURLoption option, Value value) {
    const CURLcode said = curl_easy_setopt(easy_, option, value);
    if (said != CURLE_UNKNOWN_OPTION && said != CURLE_NOT_BUILT_IN) keep(option, said);
  }
  // Whether all were taken. ErrorKind::environment.
  Status taken() const;

 private:
  void keep(CURLoption option, CURLcode said);

  CURL* easy_;
  CURLoption option_{};  // the first that was not taken
  CURLcode said_ = CURLE_OK;
};

}  // namespace pawl::http
