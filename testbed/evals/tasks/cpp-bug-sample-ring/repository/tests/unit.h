// TEST(Suite, Name) { EXPECT_EQ(one, other); } and a report in TAP. A name that begins with DISABLED_ is not run.
#pragma once

#include <cstdio>
#include <cstring>
#include <vector>

namespace unit {

struct Case {
    const char* suite;
    const char* name;
    void (*body)();
};

inline std::vector<Case>& cases() {
    static std::vector<Case> all;
    return all;
}

inline int failures = 0;

struct Registered {
    Registered(const char* suite, const char* name, void (*body)()) { cases().push_back({suite, name, body}); }
};

inline void expect(bool holds, const char* text, const char* file, int line) {
    if (holds) return;
    ++failures;
    std::printf("# %s:%d: %s does not hold\n", file, line, text);
}

inline int run() {
    int failed = 0, number = 0;
    std::printf("1..%zu\n", cases().size());
    for (const Case& one : cases()) {
        const bool disabled = std::strncmp(one.name, "DISABLED_", 9) == 0;
        failures = 0;
        if (!disabled) one.body();
        failed += failures > 0;
        std::printf("%s %d - %s.%s%s\n", failures ? "not ok" : "ok", ++number, one.suite,
                    one.name + (disabled ? 9 : 0), disabled ? " # SKIP disabled" : "");
    }
    return failed ? 1 : 0;
}

}  // namespace unit

#define TEST(suite, name)                                                                 \
    static void suite##_##name();                                                         \
    static const unit::Registered registered_##suite##_##name{#suite, #name, suite##_##name}; \
    static void suite##_##name()

#define EXPECT_TRUE(what) unit::expect((what), #what, __FILE__, __LINE__)
#define EXPECT_EQ(one, other) unit::expect((one) == (other), #one " == " #other, __FILE__, __LINE__)
#define EXPECT_THROW(statement, type)                          \
    try {                                                      \
        statement;                                             \
        unit::expect(false, #statement, __FILE__, __LINE__);   \
    } catch (const type&) {                                    \
    }
