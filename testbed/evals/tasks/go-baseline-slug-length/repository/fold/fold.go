// Package fold makes ASCII of Latin letters.
package fold

import "strings"

var letters = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue",
	"ß", "s", "é", "e", "è", "e", "ê", "e", "á", "a", "à", "a", "ç", "c", "ñ", "n", "ø", "o", "å", "a",
)

// ASCII replaces the letters it knows, and leaves the others.
func ASCII(text string) string {
	return letters.Replace(text)
}
