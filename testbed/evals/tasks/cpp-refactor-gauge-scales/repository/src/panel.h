#pragma once

#include <string>

// What the panel shows for a raw reading. `gauge` is 'T' (temperature), 'P' (pressure) or 'L' (level).
// Throws std::invalid_argument for another gauge.
std::string shown(char gauge, int raw);

// Whether the bell rings for a raw reading.
bool rings(char gauge, int raw);
