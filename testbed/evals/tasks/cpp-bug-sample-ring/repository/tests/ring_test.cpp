#include <stdexcept>

#include "sample_ring.h"
#include "statistics.h"
#include "unit.h"

TEST(Ring, StartsEmpty) {
    const SampleRing ring(3);
    EXPECT_EQ(ring.size(), 0u);
    EXPECT_THROW(ring.at(0), std::out_of_range);
}

TEST(Ring, KeepsSamplesInOrder) {
    SampleRing ring(3);
    ring.push(20.5);
    ring.push(21.0);
    EXPECT_EQ(ring.at(0), 20.5);
    EXPECT_EQ(ring.at(1), 21.0);
}

TEST(Ring, HoldsNoMoreThanItsCapacity) {
    SampleRing ring(2);
    for (int sample = 0; sample < 9; ++sample) ring.push(sample);
    EXPECT_EQ(ring.size(), 2u);
    EXPECT_THROW(ring.at(2), std::out_of_range);
}

TEST(Statistics, MeanIsOfWhatIsKept) {
    SampleRing ring(2);
    EXPECT_EQ(mean(ring), 0.0);
    ring.push(100.0);
    ring.push(10.0);
    ring.push(20.0);
    EXPECT_EQ(mean(ring), 15.0);
}

TEST(Statistics, TrendOfARingThatIsNotFull) {
    SampleRing ring(4);
    ring.push(18.0);
    ring.push(17.0);
    ring.push(21.5);
    EXPECT_EQ(trend(ring), 3.5);
}
