// Does not include what it uses: the check on headers has to object.
#pragma once
inline std::string name() { return "pawl"; }
