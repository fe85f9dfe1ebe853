#pragma once
#include "io/net/loop.h"
#include "model/call.h"
