const char* who = "nobody";
