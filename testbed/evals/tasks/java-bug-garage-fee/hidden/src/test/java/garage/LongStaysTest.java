package garage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LongStaysTest {

    private final FeeCalculator fees = new FeeCalculator(new Tariff("Harbour", 250, 1800));

    @Test
    void eachDayHasItsOwnCap() {
        assertEquals(3 * 1800, fees.fee(Duration.ofDays(3)));
        assertEquals(2 * 1800, fees.fee(Duration.ofHours(24 + 9)));
    }

    @Test
    void theLastDayCostsItsHours() {
        assertEquals(1800 + 250, fees.fee(Duration.ofHours(24).plusSeconds(1)));
        assertEquals(2 * 1800 + 6 * 250, fees.fee(Duration.ofHours(48 + 5).plusMinutes(30)));
    }

    @Test
    void aTariffWhoseCapIsNoMultipleOfTheRate() {
        assertEquals(2000 + 1800, new FeeCalculator(new Tariff("Opera", 300, 2000)).fee(Duration.ofHours(30)));
    }
}
