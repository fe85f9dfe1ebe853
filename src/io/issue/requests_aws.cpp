// AWS Signature Version 4, and the one request that is signed with it.
#include <fmt/format.h>

#include <ctime>

#include "base/hash.h"
#include "io/issue/form.h"
#include "io/issue/requests.h"
#include "io/secrets/credential.h"

namespace pawl::issue {
namespace {

// `20150830T123600Z`.
std::string aws_time(Instant now) {
  const std::time_t seconds = now.ns / 1'000'000'000;
  std::tm civil{};
  ::gmtime_r(&seconds, &civil);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", civil.tm_year + 1900, civil.tm_mon + 1,
                     civil.tm_mday, civil.tm_hour, civil.tm_min, civil.tm_sec);
}

// A key made of keys: each is wiped when the next is there.
secrets::Credential keyed(const secrets::Credential& key, std::string_view text) {
  Digest digest = hmac_sha256(key.bytes(), text);
  auto made = secrets::Credential::copy_of(bytes_of(digest));
  digest.fill(0);
  return made;
}

secrets::Credential signing_key(std::string_view secret, std::string_view day,
                                std::string_view region, std::string_view service) {
  std::string first = "AWS4" + std::string(secret);
  auto key = keyed(secrets::Credential::taken_from(first), day);
  key = keyed(key, region);
  key = keyed(key, service);
  return keyed(key, "aws4_request");
}

// `sts.eu-west-1.amazonaws.com` or `127.0.0.1:4566`, as a client of HTTP writes it.
std::string host_field(std::string_view url) {
  std::string_view rest = url.substr(url.find("://") + 3);
  rest = rest.substr(0, rest.find_first_of("/?"));
  const std::string_view usual = url.starts_with("https://") ? ":443" : ":80";
  if (rest.ends_with(usual)) rest.remove_suffix(usual.size());
  return std::string(rest);
}

std::string path_of(std::string_view url) {
  const std::string_view rest = url.substr(url.find("://") + 3);
  const std::size_t slash = rest.find('/');
  return slash == rest.npos ? "/" : std::string(rest.substr(slash, rest.find('?') - slash));
}

}  // namespace

std::string sign_aws(const AwsRequest& request, std::string_view access_key,
                     std::string_view secret_key, std::string_view region, std::string_view service,
                     Instant now) {
  std::string fields, names;
  for (const auto& [name, value] : request.headers) {
    fields += fmt::format("{}:{}\n", name, value);
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path, request.query, fields,
                  names, hex(sha256(request.body)));
  const std::string time = aws_time(now);
  const std::string day = time.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", day, region, service);
  const std::string text =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, hex(sha256(canonical)));
  const auto key = signing_key(secret_key, day, region, service);
  return fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                     access_key, scope, names, hex(hmac_sha256(key.bytes(), text)));
}

http::Ask ask_aws(const AwsKeys& how, std::string_view secret_key, std::string_view session_token,
                  Instant now) {
  http::Ask ask;
  ask.method = "POST";
  ask.url = how.at.url;
  ask.body_bytes_max = answer_bytes_max;
  ask.deadline = ask_within;
  put_field(ask.body, "Action", "AssumeRole");
  put_field(ask.body, "DurationSeconds", fmt::format("{}", how.lasts.ns / 1'000'000'000));
  put_field(ask.body, "ExternalId", how.external_id);
  put_field(ask.body, "Policy", how.policy);
  put_field(ask.body, "RoleArn", how.role);
  put_field(ask.body, "RoleSessionName", how.session);
  put_field(ask.body, "Version", "2011-06-15");
  AwsRequest request{
      .method = "POST", .path = path_of(how.at.url), .query = {}, .headers = {}, .body = ask.body};
  request.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
                     {"host", host_field(how.at.url)},
                     {"x-amz-date", aws_time(now)}};
  if (!session_token.empty()) request.headers.emplace_back("x-amz-security-token", session_token);
  const std::string proof = sign_aws(request, how.access_key, secret_key, how.region, "sts", now);
  for (auto& [name, value] : request.headers) {
    if (name != "host") ask.headers.add(name, value);  // the client writes it itself
    if (name == "x-amz-security-token") secrets::wipe(value);
  }
  ask.headers.add("accept", "text/xml");
  ask.headers.add("authorization", proof);
  return ask;
}

}  // namespace pawl::issue
