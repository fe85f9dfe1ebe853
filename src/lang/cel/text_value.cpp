#include "lang/cel/text_value.h"

#include <cmath>

#include <fmt/format.h>

#include "lang/cel/time_value.h"

namespace pawl::cel {

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return fmt::format("{}", value);
}

std::string scalar_text(const Value& value) {
  if (value.is(ValueKind::boolean)) return value.as.boolean ? "true" : "false";
  if (value.is(ValueKind::integer)) return std::to_string(value.as.integer);
  if (value.is(ValueKind::natural)) return std::to_string(value.as.natural);
  if (value.is(ValueKind::number)) return number_text(value.as.number);
  if (value.is(ValueKind::timestamp)) return timestamp_text(value);
  if (value.is(ValueKind::duration)) return duration_text(value);
  return {};
}

void TextBuilder::add(std::string_view piece) {
  context_.charge(1 + piece.size() / 64);
  if (text_.size() + piece.size() > scratch_bytes_max) context_.exhaust();
  if (!context_.exhausted) text_ += piece;
}

Value TextBuilder::done() {
  return context_.exhausted ? context_.out_of_memory() : context_.string(text_);
}

}  // namespace pawl::cel
