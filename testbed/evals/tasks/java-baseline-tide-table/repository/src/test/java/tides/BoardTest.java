package tides;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class BoardTest {

    @Test
    void showsSummerTimeInSummer() {
        assertEquals("HW 06:10 5.1 m", Board.line(new Tide(Instant.parse("2025-07-01T04:10:00Z"), true, 512)));
    }

    @Test
    void showsHeightsBelowDatumWithTheirSign() {
        assertEquals("LW 10:30 -0.3 m", Board.line(new Tide(Instant.parse("2025-01-01T09:30:00Z"), false, -34)));
    }
}
