// TEST(Suite, Name) with EXPECT_EQ and GTEST_SKIP, printed the way GoogleTest prints.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

enum class Outcome { ok, failed, skipped };

struct Test {
    std::string name;
    void (*body)();
};

inline std::vector<Test>& tests() {
    static std::vector<Test> all;
    return all;
}

inline Outcome outcome = Outcome::ok;

inline void missed(const char* text, int line) {
    outcome = Outcome::failed;
    std::printf("line %d: %s\n", line, text);
}

struct Listed {
    Listed(const char* name, void (*body)()) { tests().push_back({name, body}); }
};

#define TEST(suite, name)                                          \
    static void suite##name();                                     \
    static const Listed listed##suite##name(#suite "." #name, suite##name); \
    static void suite##name()

#define EXPECT_EQ(is, wanted)                                         \
    do {                                                              \
        if (!((is) == (wanted))) missed(#is " is not " #wanted, __LINE__); \
    } while (false)

#define EXPECT_THROW(statement, type)                          \
    do {                                                       \
        try {                                                  \
            statement;                                         \
            missed(#statement " does not throw", __LINE__);    \
        } catch (const type&) {                                \
        }                                                      \
    } while (false)

#define GTEST_SKIP()                    \
    do {                                \
        outcome = Outcome::skipped;     \
        return;                         \
    } while (false)

inline int run_all() {
    int failed = 0;
    for (const Test& test : tests()) {
        outcome = Outcome::ok;
        std::printf("[ RUN      ] %s\n", test.name.c_str());
        test.body();
        failed += outcome == Outcome::failed;
        std::printf("%s %s (0 ms)\n",
                    outcome == Outcome::ok ? "[       OK ]" : outcome == Outcome::failed ? "[  FAILED  ]" : "[  SKIPPED ]",
                    test.name.c_str());
    }
    std::printf("[==========] %zu tests ran.\n", tests().size());
    return failed > 0;
}
