// Nothing but the precompiled headers of its target: see pawl_test_program in room.cmake.
