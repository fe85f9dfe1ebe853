#pragma once
#include "gate/gate.h"
#include "kernel/admit/admit.h"
