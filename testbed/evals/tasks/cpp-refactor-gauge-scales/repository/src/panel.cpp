#include "panel.h"

#include <cstdio>
#include <stdexcept>

std::string shown(char gauge, int raw) {
    char text[32];
    if (gauge == 'T') {
        if (raw < -500 || raw > 1500) {
            return "--- C";
        }
        std::snprintf(text, sizeof text, "%s%d.%d C", raw < 0 ? "-" : "", (raw < 0 ? -raw : raw) / 10, (raw < 0 ? -raw : raw) % 10);
        return text;
    }
    if (gauge == 'P') {
        if (raw < 0 || raw > 16000) {
            return "--- bar";
        }
        std::snprintf(text, sizeof text, "%d.%d bar", raw / 1000, raw % 1000 / 100);
        return text;
    }
    if (gauge == 'L') {
        if (raw < 0 || raw > 1000) {
            return "--- %";
        }
        std::snprintf(text, sizeof text, "%d.%d %%", raw / 10, raw % 10);
        return text;
    }
    throw std::invalid_argument(std::string("no gauge ") + gauge);
}

bool rings(char gauge, int raw) {
    if (gauge == 'T') {
        if (raw < -500 || raw > 1500) {
            return true;
        }
        return raw >= 1100;
    }
    if (gauge == 'P') {
        if (raw < 0 || raw > 16000) {
            return true;
        }
        return raw >= 12500;
    }
    if (gauge == 'L') {
        if (raw < 0 || raw > 1000) {
            return true;
        }
        return raw < 150;
    }
    throw std::invalid_argument(std::string("no gauge ") + gauge);
}
