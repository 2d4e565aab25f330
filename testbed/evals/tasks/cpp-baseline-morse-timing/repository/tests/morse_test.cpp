#include <stdexcept>

#include "morse.h"
#include "suite.h"

TEST(Encode, SeparatesLetters) {
    EXPECT_EQ(encode("sos"), "... --- ...");
    EXPECT_EQ(encode(""), "");
}

TEST(Encode, SeparatesWords) {
    EXPECT_EQ(encode("a  b"), ".- / -...");
    EXPECT_EQ(encode(" e "), ".");
}

TEST(Encode, RefusesWhatHasNoCode) {
    EXPECT_THROW(encode("a;b"), std::invalid_argument);
}

TEST(Encode, Prosigns) {
    std::string code;
    try {
        code = encode("bye <SK>");
    } catch (const std::invalid_argument&) {
    }
    EXPECT_EQ(code, "-... -.-- . / ...-.-");
}

TEST(Decode, ReadsWhatEncodeWrites) {
    EXPECT_EQ(decode(encode("Light 7 Up")), "LIGHT 7 UP");
}

TEST(Decode, MarksWhatItDoesNotKnow) {
    EXPECT_EQ(decode(".- ...... -..."), "A#B");
}

int main() { return run_all(); }
