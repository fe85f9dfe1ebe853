// The only file that sees Boost.Beast: its parser costs more to compile than the rest of the room.
#include <boost/beast/http/basic_parser.hpp>

#include "io/http/head_scan.h"

namespace pawl::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using Text = beast::string_view;

std::string_view view(Text text) {
  return {text.data(), text.size()};
}

// Takes one head. What Beast would do with a body is never asked: it is not eager, and the bytes
// end where the head does.
class Reader final : public beast::http::basic_parser<true> {
 public:
  explicit Reader(Head& head) : head_(head) {}
  std::size_t fields() const { return head_.request.headers.size(); }

 private:
  void on_request_impl(beast::http::verb /*method*/, Text method, Text target, int version,
                       error_code& error) override {
    head_.request.method = view(method);
    head_.request.target = view(target);
    head_.http10 = version == 10;
    if (version != 10 && version != 11) error = beast::http::error::bad_version;
  }
  void on_field_impl(beast::http::field /*name*/, Text name, Text value,
                     error_code& /*error*/) override {
    head_.request.headers.add(view(name), view(value));
  }
  void on_header_impl(error_code& /*error*/) override {}
  void on_response_impl(int /*code*/, Text /*reason*/, int /*version*/,
                        error_code& error) override {
    error = beast::http::error::bad_version;
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*bytes*/,
                         error_code& /*error*/) override {}
  std::size_t on_body_impl(Text body, error_code& /*error*/) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t /*bytes*/, Text /*extensions*/,
                            error_code& /*error*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*left*/, Text body,
                                 error_code& /*error*/) override {
    return body.size();
  }
  void on_finish_impl(error_code& /*error*/) override {}

  Head& head_;
};

}  // namespace

std::expected<Head, Refusal> parse_head(std::string_view bytes, std::size_t fields) {
  Head head;
  head.request.headers.reserve(bytes.size(), fields);
  Reader reader(head);
  // Our own bounds have been kept before; Beast's must not be smaller.
  reader.header_limit(static_cast<std::uint32_t>(bytes.size()) + 1);
  reader.body_limit(boost::none);
  error_code error;
  const std::size_t used = reader.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  // Two readers of the same bytes: where they differ, one of them would be wrong.
  if (error || !reader.is_header_done() || used != bytes.size() || reader.fields() != fields) {
    return refuse(400, "the header cannot be read");
  }
  return head;
}

}  // namespace pawl::http
