#include "kernel/state/state.h"
#include "model/call.h"
#include "pawl/admit.h"
