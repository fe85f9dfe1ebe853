#include "lang/cel/chain.h"

#include "lang/cel/machine.h"

namespace pawl::cel {
namespace {

Told told(bool holds) {
  return holds ? Told::yes : Told::no;
}

bool is_text(const Value& found, const ShortText& text) {
  return found.size == text.size && text.words.match(found.as.text, found.size);
}

bool is_one_of(const Code& code, const Value& found, std::uint32_t from, std::uint32_t to) {
  const ShortText* const texts = code.texts.data();
  for (std::uint32_t i = from; i < to; ++i) {
    if (is_text(found, texts[i])) return true;
  }
  return false;
}

// Against one text or several, in their order: each look costs what `equal_texts` charges.
Told compare_texts(const Code& code, const Link& link, const Value& found, Context& context) {
  const ShortText* const texts = code.texts.data();
  bool fits = false;
  for (std::uint32_t i = link.wanted; i < link.wanted_end && !fits; ++i) {
    context.charge(1 + found.size / 64);
    fits = is_text(found, texts[i]);
  }
  const bool any = link.choices == link.choices_end || (fits && link.sure);
  if (!any && !is_one_of(code, found, link.choices, link.choices_end)) return Told::nothing;
  return told(fits == (link.how == 0));
}

Told compare_edge(const Link& link, const Value& found) {
  if (found.size < link.text.size) return Told::no;
  const char* const at =
      link.way == Link::Way::begins ? found.as.text : found.as.text + found.size - link.text.size;
  return told(link.text.words.match(at, link.text.size));
}

Told call_function(const Code& code, const Link& link, const Value& found, Context& context) {
  const Value arguments[] = {found, code.constants.data()[link.constant]};
  const Value result = code.functions.data()[link.function](context, arguments);
  return result.is(ValueKind::boolean) ? told(result.as.boolean) : Told::nothing;
}

[[gnu::always_inline]] inline Told ask_link(const Code& code, const Link& link, const Value& root,
                                            Context& context) {
  Value found = root;
  if (link.named) {
    if (!root.is(ValueKind::json_map)) return Told::nothing;
    const std::uint32_t node =
        member_of_short_name(*root.as.document, root.size, link.name.size, link.name.words);
    if (node == 0) return Told::nothing;
    found = Value::of_node(root.as.document, node);
  }
  if (found.kind != link.plain) return Told::nothing;
  switch (link.way) {
    case Link::Way::order:
      return told(
          holds(static_cast<Comparison>(link.how), order_of(found.as.integer, link.integer)));
    case Link::Way::whole:
      return told((found.as.integer == link.integer) == (link.how == 0));
    case Link::Way::equal:
    case Link::Way::one_of:
      return compare_texts(code, link, found, context);
    case Link::Way::begins:
    case Link::Way::ends:
      return compare_edge(link, found);
    case Link::Way::called:
      return call_function(code, link, found, context);
  }
  return Told::nothing;
}

}  // namespace

Told ask_chain(const Code& code, std::span<const Value> variables, Scratch& scratch, Fuel& fuel) {
  scratch.clear();
  Context context{scratch, fuel.left};
  // What ends a chain before its last link.
  const Told decides = code.links_all ? Told::no : Told::yes;
  const Link* const last = code.links.data() + code.links.size() - 1;
  const Link* link = code.links.data();
  Told answer = decides;
  for (;; ++link) {
    answer = ask_link(code, *link, variables.data()[link->slot], context);
    context.charge(link->fuel);
    // The machine stops before an instruction that finds no fuel: then it has to say so itself.
    if (answer == Told::nothing || context.fuel == 0) return Told::nothing;
    if (answer == decides || link == last) break;
  }
  // The jump over what is left of the chain, and the end.
  const std::uint64_t left = link == last ? 1 : 2;
  if (context.fuel < left) return Told::nothing;
  fuel.left = context.fuel - left;
  return answer;
}

}  // namespace pawl::cel
