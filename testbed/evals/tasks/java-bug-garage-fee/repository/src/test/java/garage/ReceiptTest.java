package garage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class ReceiptTest {

    @Test
    void tellsTimeAndPrice() {
        Instant from = Instant.parse("2025-05-02T08:10:00Z");
        String line = Receipt.line(new Tariff("Opera", 300, 2000), from, from.plusSeconds(2 * 3600 + 5 * 60));
        assertEquals("Opera 2h05 9.00 EUR", line);
    }
}
