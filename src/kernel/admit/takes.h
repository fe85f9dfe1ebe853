// What a call that waits for people would take out of its run's ceilings, for those who have to
// answer: a hold reserves nothing, so its verdict does not say.
#pragma once

#include "base/error.h"
#include "kernel/admit/admit.h"

namespace pawl {

// By the stages that deny, as they stand now; an error where one of them objects. Whether people
// said yes is not looked at: nothing runs because of it.
Result<Reservation> takes_if_answered(const Situation& situation);

}  // namespace pawl
