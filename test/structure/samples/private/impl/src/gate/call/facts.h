// Facts: what the gate finds out. Private to this
// room.
#pragma once
