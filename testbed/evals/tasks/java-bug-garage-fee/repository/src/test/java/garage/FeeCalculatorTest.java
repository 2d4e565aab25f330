package garage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FeeCalculatorTest {

    private final FeeCalculator fees = new FeeCalculator(new Tariff("Harbour", 250, 1800));

    @Test
    void aQuarterOfAnHourIsFree() {
        assertEquals(0, fees.fee(Duration.ofMinutes(15)));
        assertEquals(250, fees.fee(Duration.ofMinutes(16)));
    }

    @Test
    void anHourThatWasBegunCosts() {
        assertEquals(500, fees.fee(Duration.ofMinutes(61)));
        assertEquals(500, fees.fee(Duration.ofHours(2)));
    }

    @Test
    void theCapHoldsForAWholeDay() {
        assertEquals(1800, fees.fee(Duration.ofHours(9)));
        assertEquals(1800, fees.fee(Duration.ofHours(24)));
    }

    @Test
    void timeDoesNotRunBackwards() {
        assertThrows(IllegalArgumentException.class, () -> fees.fee(Duration.ofMinutes(-1)));
    }
}
