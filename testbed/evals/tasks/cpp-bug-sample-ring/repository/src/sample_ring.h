#pragma once

#include <cstddef>
#include <vector>

// The last `capacity` samples, oldest first.
class SampleRing {
public:
    explicit SampleRing(std::size_t capacity);

    void push(double sample);
    std::size_t size() const { return size_; }

    // The sample at this place; 0 is the oldest.
    double at(std::size_t place) const;

private:
    std::vector<double> slots_;
    std::size_t next_ = 0;
    std::size_t size_ = 0;
};
