// The page's files, and the headers of every answer.
#include <algorithm>

#include "doors/console/console_impl.h"
#include "doors/console/page_files.h"

namespace pawl::console {
namespace {

// Nothing from elsewhere, nothing inline, no frame around it, no text ever read as markup.
constexpr std::string_view kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";
constexpr std::string_view kFeatures =
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), "
    "serial=(), hid=(), clipboard-read=()";

std::string_view type_of(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

http::Response refused(int status, std::string_view reason) {
  http::Response response = http::respond({status, std::string(reason)});
  add_safety(response.headers);
  return response;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

void add_safety(http::Headers& headers) {
  headers.add("content-security-policy", kContentPolicy);
  headers.add("x-frame-options", "DENY");
  headers.add("x-content-type-options", "nosniff");
  headers.add("referrer-policy", "no-referrer");
  headers.add("permissions-policy", kFeatures);
  headers.add("cross-origin-opener-policy", "same-origin");
  headers.add("cross-origin-resource-policy", "same-origin");
}

http::Response page_response(std::string_view path, const http::Request& request) {
  const std::string_view into = request.headers.find("sec-fetch-dest").value_or("");
  if (is_one_of(into, {"iframe", "frame", "embed", "object", "fencedframe"})) {
    return refused(403, "this page is not framed");
  }
  const std::string_view from = request.headers.find("sec-fetch-site").value_or("");
  // A link from elsewhere opens the page; another page loads no part of it.
  if (is_one_of(from, {"cross-site", "same-site"}) && into != "document") {
    return refused(403, "this origin may not ask");
  }
  if (path == "/" || path == "/console") {
    http::Response response;
    response.status = 307;
    response.headers.add("location", page_root);
    response.headers.add("cache-control", "no-store");
    add_safety(response.headers);
    return response;
  }
  std::string_view name = path.starts_with(page_root) ? path.substr(page_root.size()) : path;
  if (name.empty()) name = "index.html";
  const auto files = page_files();
  const auto found = std::ranges::find(files, name, &PageFile::name);
  if (found == files.end()) return refused(404, "nothing is here");
  http::Response response;
  response.headers.add("content-type", type_of(name));
  response.headers.add("cache-control", "no-store");
  add_safety(response.headers);
  response.body = std::string(found->text);
  return response;
}

}  // namespace pawl::console
