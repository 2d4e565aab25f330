package recipes;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Ingredients for some servings. */
public record Recipe(String name, int servings, List<Ingredient> ingredients) {

    /** One line for each ingredient, for this many guests. */
    public List<String> lines(int guests) {
        List<String> lines = new ArrayList<>();
        for (Ingredient ingredient : ingredients) {
            long product = (long) ingredient.amount() * guests;
            long amount = product / servings;
            if (product % servings != 0) {
                amount++;
            }
            String shown;
            if (ingredient.unit().equals("g") && amount >= 1000) {
                shown = String.format(Locale.ROOT, "%.1f kg", amount / 1000.0);
            } else if (ingredient.unit().equals("ml") && amount >= 1000) {
                shown = String.format(Locale.ROOT, "%.1f l", amount / 1000.0);
            } else if (ingredient.unit().isEmpty()) {
                shown = Long.toString(amount);
            } else {
                shown = amount + " " + ingredient.unit();
            }
            lines.add(shown + " " + ingredient.name());
        }
        return lines;
    }
}
