package gate

import (
	"testing"
	"time"
)

var noon = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func TestClientsDoNotShare(t *testing.T) {
	g := New(1, time.Minute)
	for _, client := range []string{"a", "b"} {
		if ok, _, err := g.Admit(client, noon); !ok || err != nil {
			t.Fatalf("%s: %v %v", client, ok, err)
		}
	}
}

func TestTheRefusedAreToldHowLong(t *testing.T) {
	g := New(1, time.Minute)
	g.Admit("a", noon)
	ok, wait, _ := g.Admit("a", noon)
	if ok || wait != time.Minute {
		t.Fatalf("%v %v", ok, wait)
	}
}
