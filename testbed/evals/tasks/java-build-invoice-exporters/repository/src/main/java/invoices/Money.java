package invoices;

/** Cents as people write them. */
final class Money {

    private Money() {
    }

    /** With a point and two digits, such as 12.05 or -0.50. */
    static String plain(long cents) {
        long whole = Math.abs(cents);
        return (cents < 0 ? "-" : "") + whole / 100 + "." + String.format("%02d", whole % 100);
    }
}
