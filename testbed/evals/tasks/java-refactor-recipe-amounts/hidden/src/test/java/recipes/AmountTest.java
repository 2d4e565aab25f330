package recipes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class AmountTest {

    @Test
    void anAmountScalesAndAdds() {
        assertEquals(new Amount(88, "g"), new Amount(350, "g").scaled(1, 4));
        assertEquals(new Amount(6, ""), new Amount(3, "").scaled(8, 4));
        assertEquals(new Amount(1100, "ml"), new Amount(200, "ml").plus(new Amount(900, "ml")));
        assertThrows(IllegalArgumentException.class, () -> new Amount(1, "g").plus(new Amount(1, "ml")));
        assertEquals(new Amount(4_000_000_000L, "g"), new Amount(2_000_000_000L, "g").scaled(4, 2));
    }

    @Test
    void anAmountShowsItself() {
        assertEquals("999 g", new Amount(999, "g").toString());
        assertEquals("1.0 kg", new Amount(1000, "g").toString());
        assertEquals("2.3 l", new Amount(2250, "ml").toString());
        assertEquals("1200", new Amount(1200, "").toString());
    }

    @Test
    void nobodyElseRoundsOrFormats() throws IOException {
        for (String name : List.of("Recipe", "ShoppingList")) {
            String source = Files.readString(Path.of("src/main/java/recipes", name + ".java"));
            assertFalse(source.contains("String.format") || source.contains("kg") || source.contains("%"), name);
        }
    }

    @Test
    void listsAreWhatTheyWere() {
        Recipe dough = new Recipe(
                "Dough", 3, List.of(new Ingredient("flour", 500, "g"), new Ingredient("eggs", 2, ""), new Ingredient("oil", 10, "ml")));
        assertEquals(List.of("1.2 kg flour", "5 eggs", "24 ml oil"), dough.lines(7));
        ShoppingList list = new ShoppingList();
        list.add(dough, 1);
        list.add(dough, 1);
        assertEquals(List.of("334 g flour", "2 eggs", "8 ml oil"), list.lines());
    }
}
