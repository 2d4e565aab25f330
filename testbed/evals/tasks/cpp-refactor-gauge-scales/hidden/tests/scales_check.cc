#include <cstdio>
#include <stdexcept>
#include <string>

#include "panel.h"
#include "scale.h"

static int wrong = 0;

static void same(const std::string& is, const std::string& wanted) {
    if (is == wanted) return;
    ++wrong;
    std::printf("is '%s', wanted '%s'\n", is.c_str(), wanted.c_str());
}

static void holds(bool what, const char* name) { same(what ? name : "", name); }

int main() {
    same(shown('T', -500), "-50.0 C");
    same(shown('T', 1500), "150.0 C");
    same(shown('P', 16000), "16.0 bar");
    same(shown('P', 99), "0.0 bar");
    same(shown('L', 0), "0.0 %");
    same(shown('L', -1), "--- %");
    holds(rings('L', 0) && rings('L', -1) && !rings('L', 999), "level");
    holds(rings('T', 1501) && !rings('T', -500), "temperature");
    holds(rings('P', -7) && !rings('P', 12499), "pressure");

    const Scale& level = scale_of('L');
    same(level.unit, "%");
    holds(level.lowest == 0 && level.highest == 1000, "limits");
    holds(level.broken(1001) && !level.broken(1000), "broken");
    try {
        rings('?', 1);
        ++wrong;
    } catch (const std::invalid_argument& error) {
        same(error.what(), "no gauge ?");
    }
    return wrong ? 1 : 0;
}
