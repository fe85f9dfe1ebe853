#include "doors/mcp/session_impl.h"
#include "gate/call/facts.h"
