// Members of an object, written and read by one description of it.
//
// A struct of a record says its members once, in byte order of their names:
//
//   template <class V> void members(V& v, Part<V, RunHalted>& b) {
//     v.need("code", b.code);  v.need("run", b.run);  v.may("why", b.why);
//   }
//
// `MemberWriter` writes them in canonical form and `MemberReader` reads them back. A member that
// `may` be there is left out where it has its usual value (empty, zero, false, or the one given);
// one that is `need`ed is always there and, where it is text, never empty. An unknown member is an
// error: a record that says more than we understand was not written by us.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"

namespace pawl {

// What a description of T's members is handed: the writer changes nothing.
template <class V, class T>
using Part = std::conditional_t<V::writes, const T, T>;

class MemberWriter {
 public:
  static constexpr bool writes = true;

  // Opens an object in `out`; the caller ends it.
  explicit MemberWriter(json::Writer& out) : out_(out) { out_.object(); }
  virtual ~MemberWriter() = default;

  template <class T>
  void need(std::string_view name, const T& value) {
    key(name);
    put(value);
  }
  template <class T>
  void may(std::string_view name, const T& value, const T& usual = T{}) {
    if (value != usual) need(name, value);
  }
  // Parts with members of their own; left out where there is none.
  template <class T>
  void list(std::string_view name, const std::vector<T>& parts) {
    if (parts.empty()) return;
    key(name);
    out_.array();
    for (const T& part : parts) {
      MemberWriter member(out_);
      members(member, part);
      out_.end();
    }
    out_.end();
  }
  // One such part, or none.
  template <class T>
  void part(std::string_view name, const std::optional<T>& one) {
    if (!one) return;
    key(name);
    MemberWriter member(out_);
    members(member, *one);
    out_.end();
  }
  // A complete JSON object held as text.
  void object(std::string_view name, const std::string& text) {
    if (text.empty()) return;
    key(name);
    out_.raw(text);
  }

 protected:
  virtual void key(std::string_view name) { out_.key(name); }
  json::Writer& out_;

 private:
  void put(const std::string& value) { out_.string(value); }
  void put(bool value) { out_.boolean(value); }
  void put(Instant value) { out_.string(to_string(value)); }
  void put(Duration value) { out_.integer(value.ns); }
  void put(const std::vector<std::string>& values) {
    out_.array();
    for (const std::string& value : values) out_.string(value);
    out_.end();
  }
  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  void put(T value) {
    if constexpr (std::is_signed_v<T>) {
      out_.integer(value);
    } else {
      out_.natural(value);
    }
  }
};

class MemberReader {
 public:
  static constexpr bool writes = false;

  explicit MemberReader(json::View object);

  template <class T>
  void need(std::string_view name, T& value) {
    const json::View found = inner(name);
    if (!found.exists()) {
      wrong(name, "is missing");
    } else {
      get(name, found, value);
      if constexpr (std::is_same_v<T, std::string>) {
        if (value.empty()) wrong(name, "is empty");
      }
    }
  }
  template <class T>
  void may(std::string_view name, T& value, const T& usual = T{}) {
    const json::View found = inner(name);
    if (found.exists()) {
      get(name, found, value);
    } else {
      value = usual;
    }
  }
  template <class T>
  void list(std::string_view name, std::vector<T>& parts) {
    parts.clear();
    const json::View found = inner(name);
    if (!found.exists()) return;
    if (!found.is_array() || found.size() == 0) return wrong(name, "is not a list of parts");
    for (const json::View element : found.elements()) {
      MemberReader member(element);
      members(member, parts.emplace_back());
      if (const Status read = member.finish(); !read) return wrong(name, read.error().message);
    }
  }
  template <class T>
  void part(std::string_view name, std::optional<T>& one) {
    one.reset();
    const json::View found = inner(name);
    if (!found.exists()) return;
    if (!found.is_object()) return wrong(name, "is not an object");
    MemberReader member(found);
    members(member, one.emplace());
    if (const Status read = member.finish(); !read) wrong(name, read.error().message);
  }
  void object(std::string_view name, std::string& text);

  bool has(std::string_view name) const { return object_[name].exists(); }
  // What other code found wrong with a member.
  void refuse(std::string_view name, std::string_view what) { wrong(name, what); }

  // A member that is read by other code; counts as known. Nothing where there is none.
  json::View inner(std::string_view name);

  // The first thing that is wrong, or an error that names an unexpected member.
  Status finish();

 private:
  void wrong(std::string_view name, std::string_view what);
  void get(std::string_view name, json::View view, std::string& value);
  void get(std::string_view name, json::View view, bool& value);
  void get(std::string_view name, json::View view, Instant& value);
  void get(std::string_view name, json::View view, Duration& value);
  void get(std::string_view name, json::View view, std::vector<std::string>& values);
  bool number(std::string_view name, json::View view, std::uint64_t& value, std::uint64_t most);
  void get(std::string_view name, json::View view, std::int64_t& value);
  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, std::int64_t>)
  void get(std::string_view name, json::View view, T& value) {
    std::uint64_t wide = 0;
    constexpr auto most = static_cast<std::uint64_t>(
        static_cast<T>(~std::uint64_t{0} >> (64 - 8 * sizeof(T) + (std::is_signed_v<T> ? 1 : 0))));
    if (number(name, view, wide, most)) value = static_cast<T>(wide);
  }

  json::View object_;
  std::vector<std::string_view> known_;
  Status status_;
};

}  // namespace pawl
