package resolver

// NoSolutionError is the answer "no": no set of versions satisfies the problem. It is a value with its reasons; Error,
// Explain, Markdown and MarshalJSON are renderings of it.
type NoSolutionError struct {
	// Conflict is one line that names the conflict and who asked.
	Conflict string
	// Steps are the requirements that cannot hold together, in an order that tells the story. Each is necessary.
	Steps []Step
	// Fixes are the nearest changes that make the problem solvable. Each was tried.
	Fixes []Fix
	// Cycle names the instances of a dependency cycle in order, when that is the conflict.
	Cycle []string

	cited *premises // what Steps tell
}

// Step is one line of an explanation.
type Step struct {
	Kind string `json:"kind"` // of what is asked: root, hold, kubernetes, lock, registry; of packages: dependency, component, demand, conflict,
	// api, withdrawn, path, scope, name, cycle; of what was found: fact
	Package string `json:"package,omitempty"`
	Text    string `json:"text"`
	Where   string `json:"where,omitempty"`
}

// Fix is one change that makes the problem solvable.
type Fix struct {
	Kind    string `json:"kind"` // path, provider, hold, range, kubernetes, downgrade, registry, withdrawn, both (of two) or remove
	Package string `json:"package,omitempty"`
	Text    string `json:"text"`
	Where   string `json:"where,omitempty"`
}

// Error is the conflict on one line.
func (e *NoSolutionError) Error() string { return e.Conflict }
