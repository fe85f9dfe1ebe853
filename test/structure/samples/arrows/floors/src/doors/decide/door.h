#pragma once
#include "pawl/admit.h"
