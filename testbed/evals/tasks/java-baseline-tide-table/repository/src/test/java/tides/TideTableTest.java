package tides;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TideTableTest {

    private final Tide morning = new Tide(Instant.parse("2025-07-01T04:10:00Z"), true, 512);
    private final Tide noon = new Tide(Instant.parse("2025-07-01T10:30:00Z"), false, 90);
    private final Tide evening = new Tide(Instant.parse("2025-07-01T16:40:00Z"), true, 530);
    private final TideTable table = new TideTable(List.of(evening, morning, noon));

    @Test
    void findsTheNextTide() {
        assertEquals(Optional.of(noon), table.next(Instant.parse("2025-07-01T05:00:00Z")));
        assertEquals(Optional.of(noon), table.next(noon.at()));
        assertEquals(Optional.empty(), table.next(Instant.parse("2025-07-01T16:40:01Z")));
    }

    @Test
    void findsTheTideBefore() {
        assertEquals(Optional.of(morning), table.last(noon.at()));
        assertEquals(Optional.empty(), table.last(morning.at()));
    }

    @Test
    void knowsWhetherTheWaterFalls() {
        assertEquals(Optional.of(true), table.falling(Instant.parse("2025-07-01T05:00:00Z")));
        assertEquals(Optional.of(false), table.falling(Instant.parse("2025-07-01T11:00:00Z")));
    }

    @Test
    void measuresTheCycle() {
        assertEquals(Optional.of(Duration.ofMinutes(750)), table.cycle(noon.at()));
    }
}
