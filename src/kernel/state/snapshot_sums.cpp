// Sums of counters in a snapshot.
#include "kernel/state/snapshot.h"

namespace pawl {

namespace {

template <class V>
void members(V& v, Part<V, Sum::End>& e) {
  v.need("add_nano", e.add.nano);
  v.need("at", e.at);
}

}  // namespace

void write_sums(const Sums& sums, json::Writer& out) {
  out.array();
  for (const auto& [name, counter] : sums.counters()) {
    out.object().key("counter").string(name).key("sums").array();
    for (const auto& [key, sum] : counter.sums) {
      out.object().key("ends").array();
      for (const Sum::End& end : sum.ends) {
        MemberWriter member(out);
        members(member, end);
        out.end();
      }
      out.end().key("in_flight").natural(sum.in_flight).key("key").string(key);
      out.key("reserved_nano").natural(sum.reserved.nano);
      out.key("settled_nano").natural(sum.settled.nano).end();
    }
    out.end().key("window_ns").integer(counter.window.ns).end();
  }
  out.end();
}

namespace {

Status read_sum(json::View view, CounterSums& into) {
  MemberReader member(view);
  Sum sum;
  std::string key;
  const json::View ends = member.inner("ends");
  member.need("in_flight", sum.in_flight);
  member.may("key", key);
  member.need("reserved_nano", sum.reserved.nano);
  member.need("settled_nano", sum.settled.nano);
  if (Status done = member.finish(); !done) return done;
  for (const json::View element : ends.elements()) {
    MemberReader of(element);
    members(of, sum.ends.emplace_back());
    if (Status done = of.finish(); !done) return done;
  }
  into.places += 1 + sum.ends.size() + sum.in_flight;
  if (!into.sums.emplace(key, std::move(sum)).second) {
    return fail(ErrorKind::corrupt, "a sum stands there twice");
  }
  return {};
}

}  // namespace

Status read_sums(json::View list, Sums& into) {
  if (!list.is_array()) return fail(ErrorKind::corrupt, "a list of sums is missing");
  for (const json::View element : list.elements()) {
    MemberReader member(element);
    std::string name;
    CounterSums counter;
    member.need("counter", name);
    const json::View sums = member.inner("sums");
    member.need("window_ns", counter.window);
    if (Status done = member.finish(); !done) return done;
    for (const json::View one : sums.elements()) {
      if (Status done = read_sum(one, counter); !done) return done;
    }
    into.put(std::move(name), std::move(counter));
  }
  return {};
}

}  // namespace pawl
