// Text in the composed form of Unicode (NFC): what two keyboards send for one letter is one text,
// and nothing that looks different becomes equal.
#pragma once

#include <string>
#include <string_view>

namespace pawl {

// Invalid UTF-8 comes back unchanged.
std::string nfc(std::string_view text);

}  // namespace pawl
