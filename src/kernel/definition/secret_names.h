// Names and sentences that speak of a secret: a password, a token, a key.
//
// Used where a server asks for one, and where a value must not be shown.
#pragma once

#include <string_view>

namespace pawl {

// The name of an argument or of a field, also with anything between its letters: `apiKey`,
// `p.a.s.s.w.o.r.d`, `user_token`.
bool names_secret(std::string_view name);

// A sentence: word by word, and two neighbours as one (`api key`).
bool speaks_of_secret(std::string_view text);

// A value that looks like a secret by itself: a private key, a token with a known beginning.
bool looks_like_secret(std::string_view value);

}  // namespace pawl
