// TEST_CASE("what holds") { CHECK(...); REQUIRE(...); } in one file each, reported in TAP.
#pragma once

#include <cstdio>
#include <vector>

struct TestCase {
    const char* name;
    void (*body)();
    static std::vector<TestCase>& all() {
        static std::vector<TestCase> cases;
        return cases;
    }
    static inline bool failed = false;
    static inline const char* skipped = nullptr;
    TestCase(const char* name, void (*body)()) : name(name), body(body) {}
};

struct Added {
    Added(const char* name, void (*body)()) { TestCase::all().emplace_back(name, body); }
};

struct Stopped {};

#define JOIN_(one, other) one##other
#define JOIN(one, other) JOIN_(one, other)
#define TEST_CASE_(name, function)    \
    static void function();           \
    static Added JOIN(function, _added){name, function}; \
    static void function()
#define TEST_CASE(name) TEST_CASE_(name, JOIN(case_, __LINE__))
#define CHECK(what)                                                         \
    do {                                                                    \
        if (!(what)) {                                                      \
            TestCase::failed = true;                                        \
            std::printf("# %s:%d: CHECK(%s)\n", __FILE__, __LINE__, #what); \
        }                                                                   \
    } while (false)
#define REQUIRE(what)                        \
    do {                                     \
        CHECK(what);                         \
        if (TestCase::failed) throw Stopped{}; \
    } while (false)
#define SKIP(why)                    \
    do {                             \
        TestCase::skipped = why;     \
        throw Stopped{};             \
    } while (false)

int main() {
    int number = 0;
    bool red = false;
    std::printf("1..%zu\n", TestCase::all().size());
    for (const TestCase& one : TestCase::all()) {
        TestCase::failed = false;
        TestCase::skipped = nullptr;
        try {
            one.body();
        } catch (const Stopped&) {
        }
        red |= TestCase::failed;
        std::printf("%sok %d - %s%s%s\n", TestCase::failed ? "not " : "", ++number, one.name,
                    TestCase::skipped ? " # SKIP " : "", TestCase::skipped ? TestCase::skipped : "");
    }
    return red ? 1 : 0;
}
