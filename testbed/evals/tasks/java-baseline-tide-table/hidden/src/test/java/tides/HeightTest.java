package tides;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class HeightTest {

    private final Instant start = Instant.parse("2025-03-01T00:00:00Z");
    private final TideTable table = new TideTable(List.of(
            new Tide(start, true, 500), new Tide(start.plusSeconds(6 * 3600), false, 100), new Tide(start.plusSeconds(12 * 3600), true, 340)));

    private OptionalInt at(int hours) {
        return table.height(start.plusSeconds(hours * 3600L));
    }

    @Test
    void followsTheTwelfths() {
        assertEquals(
                List.of(467, 400, 300, 200, 133, 100, 120, 160, 220, 280, 320, 340),
                java.util.stream.IntStream.rangeClosed(1, 12).map(hour -> at(hour).orElseThrow()).boxed().toList());
    }

    @Test
    void isExactAtTheTidesAndUnknownOutside() {
        assertEquals(OptionalInt.of(500), at(0));
        assertEquals(OptionalInt.empty(), at(-1));
        assertEquals(OptionalInt.empty(), at(13));
    }

    @Test
    void runsEvenlyWithinASixth() {
        assertEquals(OptionalInt.of(483), table.height(start.plusSeconds(1800)));
    }

    @Test
    void theRestIsAsItWas() {
        assertEquals(start.plusSeconds(6 * 3600), table.last(start.plusSeconds(6 * 3600 + 1)).orElseThrow().at());
        assertEquals(true, table.last(start).isEmpty());
    }
}
