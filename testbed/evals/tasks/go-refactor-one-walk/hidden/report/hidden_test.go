package report

import (
	"os"
	"strings"
	"testing"

	"example.org/heft/tree"
)

func TestHiddenNoWalkOfItsOwn(t *testing.T) {
	source, err := os.ReadFile("report.go")
	if err != nil {
		t.Fatal(err)
	}
	if text := string(source); strings.Contains(text, "range node.Children") || strings.Count(text, ".Walk(") < 3 {
		t.Fatal("report.go still walks by itself")
	}
}

func TestHiddenASingleFile(t *testing.T) {
	var out strings.Builder
	one := &tree.Node{Name: "a\"b", Bytes: 9}
	Text(&out, one)
	CSV(&out, one)
	Largest(&out, one, 5)
	Largest(&out, one, 0)
	if want := "a\"b 9\npath,bytes\n\"a\\\"b\",9\n9 a\"b\n"; out.String() != want {
		t.Fatalf("got %q", out.String())
	}
}
