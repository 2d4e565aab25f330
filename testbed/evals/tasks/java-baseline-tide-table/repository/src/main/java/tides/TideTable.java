package tides;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A station's tides in order. */
public final class TideTable {

    private final List<Tide> tides;

    public TideTable(List<Tide> tides) {
        this.tides = tides.stream().sorted(Comparator.comparing(Tide::at)).toList();
    }

    /** The first tide at or after a time. */
    public Optional<Tide> next(Instant time) {
        return tides.stream().filter(tide -> !tide.at().isBefore(time)).findFirst();
    }

    /** The last tide before a time. */
    public Optional<Tide> last(Instant time) {
        return tides.stream().filter(tide -> tide.at().isBefore(time)).reduce((first, second) -> second);
    }

    /** Whether the water falls at a time; empty outside the table. */
    public Optional<Boolean> falling(Instant time) {
        return next(time).map(tide -> !tide.high());
    }

    /** The time between two high waters around a time; empty where one of them is not in the table. */
    public Optional<Duration> cycle(Instant time) {
        Optional<Tide> before = tides.stream()
                .filter(tide -> tide.high() && tide.at().isBefore(time)).reduce((first, second) -> second);
        Optional<Tide> after = tides.stream()
                .filter(tide -> tide.high() && !tide.at().isBefore(time)).findFirst();
        return before.flatMap(one -> after.map(other -> Duration.between(one.at(), other.at())));
    }
}
