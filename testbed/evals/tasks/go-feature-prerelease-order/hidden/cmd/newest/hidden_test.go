package main

import (
	"strings"
	"testing"
)

func TestHiddenReleaseBeatsItsCandidates(t *testing.T) {
	got, _ := newest(strings.NewReader("2.0.0-rc.1\n2.0.0\n2.0.0-rc.2\n1.9.0\n"))
	if got.String() != "2.0.0" {
		t.Fatalf("got %v", got)
	}
}
