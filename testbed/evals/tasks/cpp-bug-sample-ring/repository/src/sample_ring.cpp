#include "sample_ring.h"

#include <stdexcept>

SampleRing::SampleRing(std::size_t capacity) : slots_(capacity) {
    if (capacity == 0) throw std::invalid_argument("a ring holds at least one sample");
}

void SampleRing::push(double sample) {
    slots_[next_] = sample;
    next_ = (next_ + 1) % slots_.size();
    if (size_ < slots_.size()) ++size_;
}

double SampleRing::at(std::size_t place) const {
    if (place >= size_) throw std::out_of_range("no such sample");
    return slots_[place];
}
