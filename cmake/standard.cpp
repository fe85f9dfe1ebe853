// Nothing but the precompiled headers of its target: see pawl_quick in room.cmake.
