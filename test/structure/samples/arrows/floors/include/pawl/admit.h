#pragma once
#include "kernel/admit/admit.h"
#include "gate/gate.h"
