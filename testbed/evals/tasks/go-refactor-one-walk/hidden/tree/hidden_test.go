package tree

import (
	"fmt"
	"strings"
	"testing"
)

func TestHiddenWalk(t *testing.T) {
	root := &Node{Name: "r", Children: []*Node{
		{Name: "a", Children: []*Node{{Name: "x", Bytes: 1}}},
		{Name: "b", Bytes: 2},
	}}
	var seen []string
	root.Walk(func(path string, depth int, node *Node) {
		seen = append(seen, fmt.Sprintf("%s:%d:%d", path, depth, node.Bytes))
	})
	if got, want := strings.Join(seen, " "), "r:0:0 r/a:1:0 r/a/x:2:1 r/b:1:2"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}
