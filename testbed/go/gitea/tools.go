//go:build tools

// Package tools names what this module is for, so that `go mod tidy` keeps it: the forge's own program.
package tools

import _ "code.gitea.io/gitea"
