package garage;

import java.time.Duration;

/** Computes what is due at the barrier. */
public final class FeeCalculator {

    private static final Duration GRACE = Duration.ofMinutes(15);
    private static final long SECONDS_PER_HOUR = 3600;

    private final Tariff tariff;

    public FeeCalculator(Tariff tariff) {
        this.tariff = tariff;
    }

    /** The fee in cents of a stay of this length. */
    public long fee(Duration stay) {
        if (stay.isNegative()) {
            throw new IllegalArgumentException("a stay cannot end before it begins");
        }
        if (stay.compareTo(GRACE) <= 0) {
            return 0;
        }
        long hours = startedHours(stay);
        return Math.min(hours * tariff.perHour(), tariff.dailyCap());
    }

    private static long startedHours(Duration stay) {
        return (stay.toSeconds() + SECONDS_PER_HOUR - 1) / SECONDS_PER_HOUR;
    }
}
