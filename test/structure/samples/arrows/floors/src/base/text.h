#pragma once
#include <string>
#include "model/call.h"
