package fold

import "testing"

func TestASCII(t *testing.T) {
	for name, one := range map[string]struct{ text, want string }{
		"umlauts": {"Köln über Ähren", "Koeln ueber Aehren"},
		"eszett":  {"Straße", "Strasse"},
		"accents": {"façade élève", "facade eleve"},
		"nordic":  {"Ærø", "Aeroe"},
		"plain":   {"plain 1", "plain 1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ASCII(one.text); got != one.want {
				t.Fatalf("got %q, want %q", got, one.want)
			}
		})
	}
}
