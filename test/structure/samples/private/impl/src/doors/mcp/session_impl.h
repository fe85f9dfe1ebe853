// The inside of a session.
#pragma once
