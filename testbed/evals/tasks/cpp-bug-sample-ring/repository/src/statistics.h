#pragma once

#include "sample_ring.h"

// Of all samples in the ring; 0 where there are none.
double mean(const SampleRing& ring);

// The newest sample minus the oldest: positive where it gets warmer.
double trend(const SampleRing& ring);
