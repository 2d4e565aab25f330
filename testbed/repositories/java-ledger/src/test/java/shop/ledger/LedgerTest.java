package shop.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class LedgerTest {
    @Test
    void nothingIsDueOnNothing() {
        assertEquals(0, Ledger.tax(0, 19));
    }

    @Test
    void wholeCentsStayWhole() {
        assertEquals(1900, Ledger.tax(10000, 19));
    }

    @Test
    void aNegativeAmountIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Ledger.tax(-1, 19));
    }
}
