package report

import (
	"strings"
	"testing"

	"example.org/heft/tree"
)

func sample() *tree.Node {
	return &tree.Node{Name: "home", Children: []*tree.Node{
		{Name: "photos", Children: []*tree.Node{{Name: "sea.jpg", Bytes: 40}, {Name: "hill.jpg", Bytes: 25}}},
		{Name: "notes.txt", Bytes: 40},
		{Name: "empty", Children: nil},
	}}
}

func TestText(t *testing.T) {
	var out strings.Builder
	Text(&out, sample())
	want := "home 105\n  photos 65\n    sea.jpg 40\n    hill.jpg 25\n  notes.txt 40\n  empty 0\n"
	if out.String() != want {
		t.Fatalf("got\n%s", out.String())
	}
}

func TestCSV(t *testing.T) {
	var out strings.Builder
	CSV(&out, sample())
	want := "path,bytes\n\"home\",105\n\"home/photos\",65\n\"home/photos/sea.jpg\",40\n" +
		"\"home/photos/hill.jpg\",25\n\"home/notes.txt\",40\n\"home/empty\",0\n"
	if out.String() != want {
		t.Fatalf("got\n%s", out.String())
	}
}

func TestLargest(t *testing.T) {
	var out strings.Builder
	Largest(&out, sample(), 2)
	if want := "40 home/photos/sea.jpg\n40 home/notes.txt\n"; out.String() != want {
		t.Fatalf("got\n%s", out.String())
	}
}
