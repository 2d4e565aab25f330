#include <stdexcept>

#include "morse.h"
#include "suite.h"

TEST(Timing, Elements) {
    EXPECT_EQ(milliseconds("e", 20), 60);
    EXPECT_EQ(milliseconds("t", 20), 180);
    EXPECT_EQ(milliseconds("a", 20), 300);
    EXPECT_EQ(milliseconds("", 20), 0);
}

TEST(Timing, LettersAndWords) {
    EXPECT_EQ(milliseconds("PARIS", 20), 2580);
    EXPECT_EQ(milliseconds("paris paris", 20), 2 * 2580 + 7 * 60);
    EXPECT_EQ(milliseconds("  e   e ", 12), 900);
}

TEST(Timing, SpeedsThatDoNotDivide) {
    EXPECT_EQ(milliseconds("e", 7), 171);
    EXPECT_EQ(milliseconds("eeee", 7), 2228);
}

TEST(Timing, Refusals) {
    EXPECT_THROW(milliseconds("e", 0), std::invalid_argument);
    EXPECT_THROW(milliseconds("e;", 20), std::invalid_argument);
}

TEST(Timing, CodesStay) {
    EXPECT_EQ(encode("a  b c"), ".- / -... / -.-.");
    EXPECT_EQ(decode(".- / -..."), "A B");
}

int main() { return run_all(); }
