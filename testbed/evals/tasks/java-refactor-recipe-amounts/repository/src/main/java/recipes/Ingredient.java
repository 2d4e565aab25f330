package recipes;

/** What a recipe takes for its servings: grams ("g"), millilitres ("ml") or pieces (""). */
public record Ingredient(String name, int amount, String unit) {
}
