// For tests that are a program each: main returns `failed`.
#pragma once

#include <cmath>
#include <cstdio>

inline int failed = 0;

inline void expect(bool holds, const char* text, const char* file, int line) {
    if (holds) return;
    failed = 1;
    std::printf("%s:%d: %s\n", file, line, text);
}

#define EXPECT_NEAR(is, wanted) expect(std::abs((is) - (wanted)) < 1e-9, #is " is not " #wanted, __FILE__, __LINE__)
#define EXPECT_THROW(statement, type)                                       \
    try {                                                                   \
        statement;                                                          \
        expect(false, #statement " does not throw", __FILE__, __LINE__);    \
    } catch (const type&) {                                                 \
    }
