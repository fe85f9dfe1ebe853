// The node's key on the disk: `node.key`, secret, and `node.pub`, both in the C2SP spelling.
#pragma once

#include <functional>
#include <string>

#include "io/journal/disk.h"
#include "io/journal/note.h"

namespace pawl::journal {

// Reads the key, or makes one where there is no journal yet. An empty `origin` takes the name that
// the key has, or a random one; another name than the key's is ErrorKind::invalid. A journal
// without its key is ErrorKind::corrupt: nothing could be compared with what was signed.
Result<NodeKey> open_node_key(Disk& disk, const std::string& origin,
                              const std::function<std::string(std::size_t)>& random);

// The public key alone, for readers.
Result<PublicKey> read_public_key(Disk& disk);

}  // namespace pawl::journal
