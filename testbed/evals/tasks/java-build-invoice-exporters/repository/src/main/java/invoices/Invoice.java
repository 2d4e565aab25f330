package invoices;

import java.util.List;

/** Amounts are cents. */
public record Invoice(String number, String customer, List<Item> items) {

    public record Item(String text, long cents) {
    }

    public long total() {
        return items.stream().mapToLong(Item::cents).sum();
    }
}
