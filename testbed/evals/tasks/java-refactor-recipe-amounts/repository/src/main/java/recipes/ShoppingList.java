package recipes;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What several recipes take together. */
public final class ShoppingList {

    private final Map<String, Long> amounts = new LinkedHashMap<>();
    private final Map<String, String> units = new LinkedHashMap<>();

    public void add(Recipe recipe, int guests) {
        for (Ingredient ingredient : recipe.ingredients()) {
            long product = (long) ingredient.amount() * guests;
            long amount = product / recipe.servings();
            if (product % recipe.servings() != 0) {
                amount++;
            }
            String unit = units.putIfAbsent(ingredient.name(), ingredient.unit());
            if (unit != null && !unit.equals(ingredient.unit())) {
                throw new IllegalArgumentException(ingredient.name() + " in " + unit + " and in " + ingredient.unit());
            }
            amounts.merge(ingredient.name(), amount, Long::sum);
        }
    }

    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (Map.Entry<String, Long> entry : amounts.entrySet()) {
            String unit = units.get(entry.getKey());
            long amount = entry.getValue();
            String shown;
            if (unit.equals("g") && amount >= 1000) {
                shown = String.format(Locale.ROOT, "%.1f kg", amount / 1000.0);
            } else if (unit.equals("ml") && amount >= 1000) {
                shown = String.format(Locale.ROOT, "%.1f l", amount / 1000.0);
            } else if (unit.isEmpty()) {
                shown = Long.toString(amount);
            } else {
                shown = amount + " " + unit;
            }
            lines.add(shown + " " + entry.getKey());
        }
        return lines;
    }
}
