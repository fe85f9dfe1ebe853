// Text, with text_find.cpp.
#pragma once
