#pragma once

#include <stdexcept>
#include <string>

/// One line of text. Positions count from 0 and are checked.
class Line {
public:
    const std::string& text() const { return text_; }

    void insert(std::size_t at, const std::string& what) {
        if (at > text_.size()) throw std::out_of_range("insert beyond the line's end");
        text_.insert(at, what);
    }

    /// Returns what was taken away.
    std::string erase(std::size_t at, std::size_t length) {
        if (at + length > text_.size()) throw std::out_of_range("erase beyond the line's end");
        std::string gone = text_.substr(at, length);
        text_.erase(at, length);
        return gone;
    }

private:
    std::string text_;
};
