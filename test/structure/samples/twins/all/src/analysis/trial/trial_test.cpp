namespace pawl { struct Difference {}; }
