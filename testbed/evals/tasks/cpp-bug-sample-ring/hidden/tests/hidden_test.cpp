#include <stdexcept>

#include "sample_ring.h"
#include "statistics.h"
#include "unit.h"

TEST(Hidden, OldestFirstAfterAnyNumberOfSamples) {
    for (int pushed = 1; pushed <= 12; ++pushed) {
        SampleRing ring(5);
        for (int sample = 0; sample < pushed; ++sample) ring.push(sample);
        const int kept = pushed < 5 ? pushed : 5;
        EXPECT_EQ(static_cast<int>(ring.size()), kept);
        for (int place = 0; place < kept; ++place) EXPECT_EQ(ring.at(place), pushed - kept + place);
        EXPECT_THROW(ring.at(kept), std::out_of_range);
    }
}

TEST(Hidden, TrendOfAFullRing) {
    SampleRing ring(3);
    for (double sample : {9.0, 1.0, 2.0, 4.5}) ring.push(sample);
    EXPECT_EQ(trend(ring), 3.5);
    SampleRing one(1);
    one.push(4);
    one.push(7);
    EXPECT_EQ(trend(one), 0.0);
}
