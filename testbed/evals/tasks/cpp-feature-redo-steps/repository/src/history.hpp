#pragma once

#include <string>
#include <vector>

#include "line.hpp"

/// An edit: text put in, or length taken out, at a position.
struct Edit {
    enum class Kind { insert, erase };
    Kind kind;
    std::size_t at;
    std::string text;        // insert: what is put in
    std::size_t length = 0;  // erase: how much is taken out
};

/// Edits of a line, which can be taken back one by one.
class History {
public:
    explicit History(Line& line) : line_(line) {}

    void apply(const Edit& edit);

    /// Takes the last edit back; false where there is none.
    bool undo();

    std::size_t depth() const { return done_.size(); }

private:
    Line& line_;
    std::vector<Edit> done_;  // the opposite of each edit
};
