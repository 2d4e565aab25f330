package garage;

/** What a garage charges, in cents. */
public record Tariff(String garage, long perHour, long dailyCap) {

    public Tariff {
        if (perHour <= 0 || dailyCap < perHour) {
            throw new IllegalArgumentException(garage + ": the cap must be at least the price of an hour");
        }
    }
}
