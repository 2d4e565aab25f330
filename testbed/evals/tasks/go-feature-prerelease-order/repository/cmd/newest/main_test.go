package main

import (
	"strings"
	"testing"
)

func TestNewest(t *testing.T) {
	got, ok := newest(strings.NewReader("v1.2.0\nnightly\nv1.10.0\n1.9.9\n"))
	if !ok || got.String() != "1.10.0" {
		t.Fatalf("got %v %v", got, ok)
	}
}

func TestNothingIsNotTheNewest(t *testing.T) {
	if _, ok := newest(strings.NewReader("main\n")); ok {
		t.Fatal("found a version")
	}
}
