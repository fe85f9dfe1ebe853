#pragma once
#include "analysis/replay/replay.h"
#include "io/net/loop.h"
