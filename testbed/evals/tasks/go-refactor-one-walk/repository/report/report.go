// Package report prints trees of sizes.
package report

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"example.org/heft/tree"
)

// Text prints the tree with two spaces a level.
func Text(out io.Writer, root *tree.Node) {
	textNode(out, root, 0)
}

func textNode(out io.Writer, node *tree.Node, depth int) {
	fmt.Fprintf(out, "%s%s %d\n", strings.Repeat("  ", depth), node.Name, node.Total())
	for _, child := range node.Children {
		textNode(out, child, depth+1)
	}
}

// CSV prints a line for each file and folder: its path and size.
func CSV(out io.Writer, root *tree.Node) {
	fmt.Fprintln(out, "path,bytes")
	csvNode(out, root, root.Name)
}

func csvNode(out io.Writer, node *tree.Node, path string) {
	fmt.Fprintf(out, "%q,%d\n", path, node.Total())
	for _, child := range node.Children {
		csvNode(out, child, path+"/"+child.Name)
	}
}

// Largest prints the paths of the largest files; of the same size, the one found first comes first.
func Largest(out io.Writer, root *tree.Node, count int) {
	var files []file
	collect(root, root.Name, &files)
	sort.SliceStable(files, func(i, j int) bool { return files[i].bytes > files[j].bytes })
	for i := 0; i < len(files) && i < count; i++ {
		fmt.Fprintf(out, "%d %s\n", files[i].bytes, files[i].path)
	}
}

type file struct {
	path  string
	bytes int64
}

func collect(node *tree.Node, path string, files *[]file) {
	if len(node.Children) == 0 {
		*files = append(*files, file{path, node.Bytes})
	}
	for _, child := range node.Children {
		collect(child, path+"/"+child.Name, files)
	}
}
