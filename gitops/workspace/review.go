package workspace

// Review says what a review folds and counts instead of showing it.
type Review struct {
	Ignore []Fold `yaml:"ignore,omitempty" json:"ignore,omitempty"`
}

// Fold names fields that a review does not show. Path is a field as a review writes it and everything below it, "*" for one step and
// "[*]" for any item; Kind is Kind or Kind.group. What is empty matches everything; one of Path, Kind and Name is given.
type Fold struct {
	Path      string `yaml:"path,omitempty" json:"path,omitempty"`
	Kind      string `yaml:"kind,omitempty" json:"kind,omitempty"`
	Namespace string `yaml:"namespace,omitempty" json:"namespace,omitempty"`
	Name      string `yaml:"name,omitempty" json:"name,omitempty"`
	Reason    string `yaml:"reason" json:"reason"`

	where string
}

// Where is the place of the entry, "gkops.yaml:12"; empty for one that was not parsed.
func (f Fold) Where() string { return f.where }

func (c *checker) folds(rules []Fold) {
	for n, rule := range rules {
		at := []any{"policy", "review", "ignore", n}
		if rule.Reason == "" {
			c.wrong(at, "say why nobody has to see it", "a rule that ignores has no reason")
		}
		if rule.Path == "" && rule.Kind == "" && rule.Name == "" {
			c.wrong(at, "give path, kind or name", "a rule that ignores matches everything")
		}
	}
}
