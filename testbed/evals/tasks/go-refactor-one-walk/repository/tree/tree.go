// Package tree is folders and files with their sizes.
package tree

// Node is a file, or a folder with what is in it.
type Node struct {
	Name     string
	Bytes    int64 // of a file alone
	Children []*Node
}

// Total is the size of everything below, and of the node itself.
func (n *Node) Total() int64 {
	total := n.Bytes
	for _, child := range n.Children {
		total += child.Total()
	}
	return total
}
