package garage;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** The line that is printed for the customer. */
public final class Receipt {

    private Receipt() {
    }

    public static String line(Tariff tariff, Instant from, Instant to) {
        Duration stay = Duration.between(from, to);
        long cents = new FeeCalculator(tariff).fee(stay);
        return String.format(
                Locale.ROOT, "%s %dh%02d %d.%02d EUR",
                tariff.garage(), stay.toHours(), stay.toMinutesPart(), cents / 100, cents % 100);
    }
}
