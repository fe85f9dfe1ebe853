#pragma once
#include "doors/decide/door.h"
