// Package slug makes parts of addresses of headlines.
package slug

import (
	"strings"

	"example.org/sluggard/fold"
)

// Make returns the words of a headline in lower case with hyphens between them, at most `limit` characters.
func Make(headline string, limit int) string {
	words := strings.FieldsFunc(strings.ToLower(fold.ASCII(headline)), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	slug := strings.Join(words, "-")
	if len(slug) > limit {
		slug = slug[:limit]
	}
	return slug
}
