#pragma once
#include <fmt/format.h>
#include "fmt/format.h"
#include "base/text.h"
