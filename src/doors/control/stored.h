// Texts that records commit to, read back from the journal. Private to this room.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "io/journal/journal.h"

namespace pawl {

// The payload of a commitment as a record spells it. `what` is how messages call it: `the arguments
// of this call`. ErrorKind::missing where it was erased, ErrorKind::corrupt where that is no
// commitment.
Result<std::string> stored_text(Journal& journal, std::string_view commitment,
                                std::string_view what);

}  // namespace pawl
