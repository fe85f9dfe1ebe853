#include "kernel/admit/typed.h"

#include "base/nfc.h"
#include "base/text.h"
#include "kernel/admit/argument_at.h"

namespace pawl {
namespace {

// Blanks at its ends and invisible characters cannot be read off a screen.
bool typable(std::string_view text) {
  return !text.empty() && text.size() <= typed_bytes_max && trim(text) == text &&
         !has_hidden_characters(text);
}

Result<std::string> text_of(json::View arguments, const std::string& argument) {
  const auto path = parse_argument_path(argument);
  const json::View value = path ? argument_at(arguments, *path) : json::View();
  std::string text;
  if (value.exists() && value.is_string()) {
    text = nfc(value.string());
  } else if (value.exists() && value.is_number()) {
    text = json::write(value);
  }
  if (typable(text)) return text;
  return fail(ErrorKind::refused, argument);
}

}  // namespace

Result<std::string> text_to_type(json::View arguments, const std::vector<std::string>& typed_of,
                                 std::string_view tool) {
  if (typed_of.empty()) return nfc(tool);
  std::string all;
  for (const std::string& argument : typed_of) {
    auto text = text_of(arguments, argument);
    PAWL_TRY(text);
    if (!all.empty()) all += ' ';
    all += *text;
  }
  return all;
}

bool typed_right(std::string_view given, std::string_view wanted) {
  return !wanted.empty() && nfc(given) == nfc(wanted);
}

}  // namespace pawl
