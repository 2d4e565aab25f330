package shop.ledger;

/** Amounts of money in whole cents. */
public final class Ledger {
    private Ledger() {
    }

    /**
     * What is due in tax, rounded to the nearest cent; half a cent is rounded up.
     *
     * @param cents the amount, not negative
     * @param percent the rate, a whole number from 0 to 100
     */
    public static long tax(long cents, int percent) {
        if (cents < 0 || percent < 0 || percent > 100) {
            throw new IllegalArgumentException("amount " + cents + ", rate " + percent + " %: out of range");
        }
        return cents * percent / 100;
    }
}
