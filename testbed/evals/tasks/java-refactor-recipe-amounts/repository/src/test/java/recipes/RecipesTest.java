package recipes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class RecipesTest {

    private final Recipe soup = new Recipe(
            "Leek soup",
            4,
            List.of(new Ingredient("leeks", 3, ""), new Ingredient("stock", 900, "ml"), new Ingredient("potatoes", 350, "g")));

    @Test
    void scalesToTheGuests() {
        assertEquals(List.of("6 leeks", "1.8 l stock", "700 g potatoes"), soup.lines(8));
    }

    @Test
    void roundsUpWhatIsNotWhole() {
        assertEquals(List.of("1 leeks", "225 ml stock", "88 g potatoes"), soup.lines(1));
    }

    @Test
    void addsRecipesUp() {
        ShoppingList list = new ShoppingList();
        list.add(soup, 1);
        list.add(soup, 1);
        list.add(new Recipe("Mash", 2, List.of(new Ingredient("potatoes", 450, "g"))), 4);
        assertEquals(List.of("2 leeks", "450 ml stock", "1.1 kg potatoes"), list.lines());
    }

    @Test
    void doesNotMixUnits() {
        ShoppingList list = new ShoppingList();
        list.add(soup, 4);
        Recipe other = new Recipe("Vichyssoise", 4, List.of(new Ingredient("leeks", 500, "g")));
        assertThrows(IllegalArgumentException.class, () -> list.add(other, 4));
    }
}
