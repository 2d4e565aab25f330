package tree

import "testing"

func TestTotalAddsUp(t *testing.T) {
	root := &Node{Name: "/", Children: []*Node{{Name: "a", Bytes: 3}, {Name: "b", Children: []*Node{{Name: "c", Bytes: 4}}}}}
	if got := root.Total(); got != 7 {
		t.Fatalf("got %d", got)
	}
}
