package bucket

import (
	"errors"
	"testing"
	"time"
)

var noon = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func full(t *testing.T, size int, interval time.Duration) *Bucket {
	t.Helper()
	b, err := New(size, interval, noon)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEmptyAfterItsSize(t *testing.T) {
	b := full(t, 3, time.Second)
	for i := 0; i < 3; i++ {
		if !b.Take(noon) {
			t.Fatalf("token %d was not there", i)
		}
	}
	if b.Take(noon) {
		t.Fatal("a fourth token")
	}
}

func TestRefillsWithTime(t *testing.T) {
	b := full(t, 1, time.Second)
	b.Take(noon)
	if !b.Take(noon.Add(time.Second)) {
		t.Fatal("no token after a second")
	}
}

func TestNeverHoldsMoreThanItsSize(t *testing.T) {
	b := full(t, 2, time.Second)
	later := noon.Add(time.Hour)
	taken := 0
	for b.Take(later) {
		taken++
	}
	if taken != 2 {
		t.Fatalf("%d tokens, want 2", taken)
	}
}

func TestAClockThatGoesBackGivesNothing(t *testing.T) {
	b := full(t, 1, time.Second)
	b.Take(noon)
	if b.Take(noon.Add(-time.Minute)) || b.Take(noon.Add(time.Second/2)) {
		t.Fatal("a token out of the past")
	}
}

func TestNoBucketWithoutSize(t *testing.T) {
	if _, err := New(0, time.Second, noon); !errors.Is(err, ErrSize) {
		t.Fatalf("got %v", err)
	}
}
