// Package flags decides which users see a feature.
package flags

import (
	"encoding/json"
	"fmt"
	"io"
)

// Rule is what is written about one flag.
type Rule struct {
	On      bool     `json:"on"`
	Allow   []string `json:"allow"`
	Deny    []string `json:"deny"`
	Staff   bool     `json:"staff"`
	Percent float64  `json:"percent"`
	Salt    string   `json:"salt"`
}

// Read reads rules by flag.
func Read(from io.Reader) (map[string]Rule, error) {
	rules := map[string]Rule{}
	if err := json.NewDecoder(from).Decode(&rules); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	for name, rule := range rules {
		if rule.Salt == "" {
			rule.Salt = name
			rules[name] = rule
		}
	}
	return rules, nil
}
