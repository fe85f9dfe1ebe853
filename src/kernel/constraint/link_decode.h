// Undoes, once, every way of writing a character in another way that readers of links undo.
#pragma once

#include <string>
#include <string_view>

namespace pawl {

// Folded as well (small letters, compatible characters, nothing invisible).
std::string undo_escapes(std::string_view folded_text);

// Folding, and the full stops of other alphabets as a full stop.
std::string fold_link_text(std::string_view text);

}  // namespace pawl
