#pragma once
#include "model/call.h"
#include "io/net/loop.h"
