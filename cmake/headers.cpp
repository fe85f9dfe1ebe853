// Nothing but the precompiled headers of its target: see pawl_precompiled in room.cmake.
