#include <cstdio>
#include <stdexcept>
#include <string>

#include "panel.h"

static int failures = 0;

static void check(bool holds, const char* what) {
    if (!holds) {
        ++failures;
        std::printf("# not so: %s\n", what);
    }
}

#define CHECK(what) check((what), #what)

static void test_temperature() {
    CHECK(shown('T', 215) == "21.5 C");
    CHECK(shown('T', -5) == "-0.5 C");
    CHECK(shown('T', 1501) == "--- C");
}

static void test_pressure() {
    CHECK(shown('P', 1013) == "1.0 bar");
    CHECK(shown('P', 12990) == "12.9 bar");
    CHECK(shown('P', -1) == "--- bar");
}

static void test_level() {
    CHECK(shown('L', 1000) == "100.0 %");
    CHECK(shown('L', 7) == "0.7 %");
}

static void test_bell() {
    CHECK(!rings('T', 1099));
    CHECK(rings('T', 1100));
    CHECK(rings('P', 12500));
    CHECK(!rings('P', 0));
}

static void test_bell_for_an_empty_tank() {
    CHECK(rings('L', 149));
    CHECK(!rings('L', 150));
    CHECK(!rings('L', 1000));
}

static void test_bell_for_broken_gauges() {
    CHECK(rings('T', -501));
    CHECK(rings('P', 16001));
    CHECK(rings('L', 1001));
}

static void test_unknown_gauge() {
    bool refused = false;
    try {
        shown('X', 1);
    } catch (const std::invalid_argument&) {
        refused = true;
    }
    CHECK(refused);
}

struct Test {
    const char* name;
    void (*body)();
};

static const Test tests[] = {
    {"temperature", test_temperature},
    {"pressure", test_pressure},
    {"level", test_level},
    {"bell", test_bell},
    {"bell for an empty tank", test_bell_for_an_empty_tank},
    {"bell for broken gauges", test_bell_for_broken_gauges},
    {"unknown gauge", test_unknown_gauge},
};

int main() {
    int number = 0, red = 0;
    std::printf("1..%zu\n", sizeof tests / sizeof *tests);
    for (const Test& test : tests) {
        failures = 0;
        test.body();
        red += failures > 0;
        std::printf("%s %d - %s\n", failures ? "not ok" : "ok", ++number, test.name);
    }
    return red ? 1 : 0;
}
