// Links in free text (`hosts_in`): every host that a reader's program could make of the text.
//
// The text is read as it stands, and again after each round of undoing what mail programs, browsers
// and renderers undo: percent escapes, HTML entities, backslash escapes, wide and compatible
// characters, characters that take no room, and the spellings by which people disarm links. A link
// whose host cannot be told for certain counts as a foreign one. Found are `scheme://host`,
// `//host`,
// `\\host\`, `user@host`, `www.host`, `host.tld/…`, `host.tld:80` and bare `host.tld` with a top
// level domain of a table of common ones; a bare name with a rare ending and nothing behind it is
// not found, because programs do not make links of it and prose is full of such words. In a text
// whose purpose is to be an address, every name with a dot at the beginning of an address is found.
#pragma once

#include <functional>
#include <string_view>

#include "kernel/constraint/host_set.h"

namespace pawl {

inline constexpr unsigned link_rounds_max = 6;  // of undoing; text that needs more is refused

// Says what is wrong with the text; empty where every host found is in the set. One pass over the
// text for each round of undoing.
enum class TextPurpose : unsigned char { prose, address };
std::string_view check_links(const HostSet& hosts, std::string_view text,
                             TextPurpose purpose = TextPurpose::prose);
// The same where a host without a port that is not in the set may have another owner: `also` is
// asked about each, folded and canonical, as often as it stands there.
using OtherHosts = std::function<bool(std::string_view host)>;
std::string_view check_links(const HostSet& hosts, std::string_view text, TextPurpose purpose,
                             const OtherHosts& also);
// Whether an argument of that name, or a value that a server describes so, is an address.
bool names_address(std::string_view argument_name);

}  // namespace pawl
