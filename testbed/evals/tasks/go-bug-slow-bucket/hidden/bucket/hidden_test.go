package bucket

import (
	"testing"
	"time"
)

func TestHiddenPollingDoesNotStarve(t *testing.T) {
	b := full(t, 1, time.Second)
	b.Take(noon)
	taken := 0
	for ms := 100; ms <= 10_000; ms += 100 {
		if b.Take(noon.Add(time.Duration(ms) * time.Millisecond)) {
			taken++
		}
	}
	if taken != 10 {
		t.Fatalf("%d tokens in ten seconds", taken)
	}
}

func TestHiddenWaitCountsDown(t *testing.T) {
	b := full(t, 1, time.Second)
	b.Take(noon)
	for _, ms := range []int{0, 300, 700} {
		now := noon.Add(time.Duration(ms) * time.Millisecond)
		if got := b.Wait(now); got != time.Duration(1000-ms)*time.Millisecond {
			t.Fatalf("after %d ms: %v", ms, got)
		}
	}
}

func TestHiddenAFullBucketSavesNothing(t *testing.T) {
	b := full(t, 2, time.Second)
	later := noon.Add(time.Hour + 900*time.Millisecond)
	b.Take(later)
	b.Take(later)
	if b.Take(later.Add(500 * time.Millisecond)) {
		t.Fatal("time was saved while the bucket was full")
	}
	if !b.Take(later.Add(time.Second)) {
		t.Fatal("no token after a second")
	}
}
