#include "statistics.h"

double mean(const SampleRing& ring) {
    if (ring.size() == 0) return 0.0;
    double sum = 0.0;
    for (std::size_t place = 0; place < ring.size(); ++place) sum += ring.at(place);
    return sum / static_cast<double>(ring.size());
}

double trend(const SampleRing& ring) {
    if (ring.size() == 0) return 0.0;
    return ring.at(ring.size() - 1) - ring.at(0);
}
