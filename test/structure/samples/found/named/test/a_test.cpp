TEST(Here, GoesOn) {}
