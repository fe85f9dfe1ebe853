#include "caller.h"

#include <mutex>
#include <utility>

#include "json.h"

namespace pawl_client {
namespace {

constexpr std::size_t answer_bytes_max = 16UL << 20;
constexpr long leg_seconds_longest = 120;  // a held call is answered before

struct Gathered {
  std::string body;
  bool too_long = false;
};

std::size_t gather(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& into = *static_cast<Gathered*>(user);
  if (into.body.size() + size * count > answer_bytes_max) {
    into.too_long = true;
    return 0;
  }
  into.body.append(bytes, size * count);
  return size * count;
}

struct Following {
  CURL* handle;
  const std::function<bool(std::string_view)>& take;
  std::string refused;  // of an answer that is not a stream
  bool stopped = false;
};

std::size_t follow_on(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& following = *static_cast<Following*>(user);
  long status = 0;
  curl_easy_getinfo(following.handle, CURLINFO_RESPONSE_CODE, &status);
  const std::string_view text(bytes, size * count);
  if (status != 200) {
    if (following.refused.size() < answer_bytes_max) following.refused.append(text);
    return text.size();
  }
  following.stopped = !following.take(text);
  return following.stopped ? 0 : text.size();
}

Failure unanswered(CURLcode code) {
  return {0, "unreachable", curl_easy_strerror(code)};
}

}  // namespace

Failure failure_of(long status, std::string_view body) {
  Reader reader(body);
  return {status, reader.text("code", "internal"), reader.text("reason", "no reason was given")};
}

Caller::Caller(Options options) : options_(std::move(options)) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  while (options_.address.ends_with('/')) options_.address.pop_back();
  handle_.reset(curl_easy_init());
}

bool Caller::add(Fields& to, const std::string& field) {
  curl_slist* longer = curl_slist_append(to.get(), field.c_str());
  if (longer == nullptr) return false;
  (void)to.release();
  to.reset(longer);
  return true;
}

bool Caller::prepare(const char* method, const std::string& url, const Fields& fields) {
  CURL* to = handle_.get();
  if (to == nullptr) return false;
  curl_easy_reset(to);
  const auto set = [to](CURLoption option, auto value) {
    return curl_easy_setopt(to, option, value) == CURLE_OK;
  };
  bool done = set(CURLOPT_URL, url.c_str()) && set(CURLOPT_CUSTOMREQUEST, method) &&
              set(CURLOPT_HTTPHEADER, fields.get()) && set(CURLOPT_FOLLOWLOCATION, 0L) &&
              set(CURLOPT_PROTOCOLS_STR, "http,https") && set(CURLOPT_NOSIGNAL, 1L) &&
              set(CURLOPT_PROXY, "") && set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2}) &&
              set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(options_.connect_time.count()));
  if (!options_.ca_file.empty()) done = done && set(CURLOPT_CAINFO, options_.ca_file.c_str());
  if (!options_.certificate.empty()) {
    done = done && set(CURLOPT_SSLCERT, options_.certificate.c_str()) &&
           set(CURLOPT_SSLKEY, options_.certificate_key.c_str());
  }
  return done;
}

Answer<std::string> Caller::ask(const char* method, std::string_view path, std::string_view body) {
  const std::string url = options_.address + std::string(path);
  Fields fields;
  bool ready = add(fields, "Accept: application/json");
  if (!options_.key.empty()) ready = ready && add(fields, "Authorization: Bearer " + options_.key);
  if (!body.empty()) ready = ready && add(fields, "Content-Type: application/json");
  Gathered gathered;
  ready = ready && prepare(method, url, fields);
  CURL* handle = handle_.get();
  if (!ready) return std::unexpected(unanswered(CURLE_OUT_OF_MEMORY));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, leg_seconds_longest);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &gather);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &gathered);
  if (!body.empty()) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
  }
  const CURLcode code = curl_easy_perform(handle);
  if (gathered.too_long) return std::unexpected(Failure{0, "unreachable", "a too long answer"});
  if (code != CURLE_OK) return std::unexpected(unanswered(code));
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status > 299) return std::unexpected(failure_of(status, gathered.body));
  return std::move(gathered.body);
}

Answer<void> Caller::follow(std::string_view path, const std::vector<std::string>& more,
                            const std::function<bool(std::string_view)>& take) {
  const std::string url = options_.address + std::string(path);
  Fields fields;
  bool ready = add(fields, "Accept: text/event-stream") &&
               add(fields, "Authorization: Bearer " + options_.key);
  for (const std::string& field : more) ready = ready && add(fields, field);
  if (!ready || !prepare("GET", url, fields)) {
    return std::unexpected(unanswered(CURLE_OUT_OF_MEMORY));
  }
  CURL* handle = handle_.get();
  Following following{handle, take, {}};
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &follow_on);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &following);
  const CURLcode code = curl_easy_perform(handle);
  if (following.stopped) return {};
  if (code != CURLE_OK) return std::unexpected(unanswered(code));
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return std::unexpected(failure_of(status, following.refused));
  return {};
}

}  // namespace pawl_client
