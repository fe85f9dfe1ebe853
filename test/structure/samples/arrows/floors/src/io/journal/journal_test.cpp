#include "model/call.h"
#include "kernel/state/state.h"
#include "pawl/admit.h"
