package flags

import (
	"hash/fnv"
	"slices"
	"strings"
)

const buckets = 2000

// Set decides by its rules.
type Set struct {
	Rules map[string]Rule
	// Forced overrides everything for a session, from ?flag= in the address.
	Forced map[string]bool
}

// Enabled says whether the user sees the feature.
func (s *Set) Enabled(flag, user string) bool {
	rule, known := s.Rules[flag]
	if !known {
		return false
	}
	for _, one := range steps {
		if decided, answer := one(s, flag, rule, user); decided {
			return answer
		}
	}
	return false
}

type step func(s *Set, flag string, rule Rule, user string) (decided, answer bool)

var steps = []step{off, denied, forced, allowed, staff, rolledOut}

func off(_ *Set, _ string, rule Rule, _ string) (bool, bool) { return !rule.On, false }

func denied(_ *Set, _ string, rule Rule, user string) (bool, bool) {
	return slices.Contains(rule.Deny, user), false
}

func forced(s *Set, flag string, _ Rule, _ string) (bool, bool) {
	answer, decided := s.Forced[flag]
	return decided, answer
}

func allowed(_ *Set, _ string, rule Rule, user string) (bool, bool) {
	return slices.Contains(rule.Allow, user), true
}

func staff(_ *Set, _ string, rule Rule, user string) (bool, bool) {
	return rule.Staff && strings.HasSuffix(user, "@bunting.example"), true
}

func rolledOut(_ *Set, _ string, rule Rule, user string) (bool, bool) {
	return float64(bucket(rule.Salt, user)) < rule.Percent/100*buckets, true
}

// bucket is where a user falls, the same on each machine.
func bucket(salt, user string) uint32 {
	hash := fnv.New32a()
	hash.Write([]byte(salt + "/" + strings.ToLower(user)))
	return hash.Sum32() % buckets
}
