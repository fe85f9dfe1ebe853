#include "gate/call/facts.h"
