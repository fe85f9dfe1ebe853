#include "kernel/admit/admit.h"
#include "kernel/state/state.h"
