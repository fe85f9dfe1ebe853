// Ids that people read aloud, type and select with a double click.
//
// A prefix that says what is named, a dash, and random bits in base 32 without the letters that
// look or sound like others (i, l, o, u): `r-7k2m9xq4` for five random bytes, sixteen characters
// for ten. The caller picks the number of bytes by how unique they must be: five tell a million
// things apart in one place, ten are enough for ids that are never compared.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pawl {

inline constexpr std::size_t id_characters_max = 64;  // behind the dash

// `random_bytes` holds a multiple of five bytes; the caller brings them (see `random_bytes`).
std::string make_id(std::string_view prefix, std::string_view random_bytes);

// True for a text that `make_id` can have made with this prefix. Letters are lower case.
bool valid_id(std::string_view prefix, std::string_view text);

}  // namespace pawl
