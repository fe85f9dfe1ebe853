#include "doors/mcp/door.h"
#include "pawl/admit.h"
