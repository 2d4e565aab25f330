#include "check.hpp"
#include "line.hpp"

TEST_CASE("a line takes text anywhere") {
    Line line;
    line.insert(0, "adio");
    line.insert(1, "ag");
    CHECK(line.text() == "aagdio");
    CHECK(line.erase(1, 1) == "a");
    CHECK(line.text() == "agdio");
}

TEST_CASE("a line has an end") {
    Line line;
    bool refused = false;
    try {
        line.insert(1, "x");
    } catch (const std::out_of_range&) {
        refused = true;
    }
    CHECK(refused);
}
