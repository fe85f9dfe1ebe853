#pragma once
#include "io/net/loop.h"
#include "analysis/replay/replay.h"
