#pragma once
// #include "io/net/loop.h"
/*
#include "gate/gate.h"
*/
const char* text = R"(
#include "gate/gate.h"
)";
#include "kernel/state/state.h"
#include "model/missing.h"
#include <model/call.h>
