package bot

import (
	"errors"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/render"
	"gkops.dev/gkops/render/order/simulate"
	"gkops.dev/gkops/resolver"
)

// State is what became of one pull in a run.
type State string

// The states of pulls. With a dry run, what would be written is told in the same words.
const (
	Opened     State = "opened"
	Updated    State = "updated"
	Unchanged  State = "unchanged"
	Merged     State = "merged"
	Superseded State = "superseded" // closed, because nothing asks for it any more
	Held       State = "held"       // not opened now, see Why
	Blocked    State = "blocked"    // there is no set of versions with it, see Why
	Left       State = "left"       // a person's: edited, retargeted, or a branch of the same name
	Refused    State = "refused"    // a person closed it
	Later      State = "later"      // somebody else was at work at the same time: the next run goes on
	Failed     State = "failed"
)

// Outcome is what became of one pull. Its JSON is a stable schema.
type Outcome struct {
	Branch string   `json:"branch"`
	Kind   Kind     `json:"kind,omitempty"`
	State  State    `json:"state"`
	Title  string   `json:"title"`
	Number int64    `json:"number,omitempty"`
	URL    string   `json:"url,omitempty"`
	Brings []string `json:"brings"` // "prod/web@v1.1.0"
	Why    string   `json:"why,omitempty"`
	Risk   string   `json:"risk,omitempty"`
}

// Result is what became of one repository.
type Result struct {
	Repository string    `json:"repository"`
	Pulls      []Outcome `json:"pulls"`
	Notes      []string  `json:"notes"`
	Error      string    `json:"error,omitempty"`
	err        error
}

// Err is why the repository could not be brought to what it should be, nil when it was.
func (r Result) Err() error { return r.err }

// Count counts the pulls in a state.
func (r Result) Count(state State) int {
	n := 0
	for _, o := range r.Pulls {
		if o.State == state {
			n++
		}
	}
	return n
}

// refused reports whether an error is the answer "no" to one pull.
func refused(err error) bool {
	var (
		none     *resolver.NoSolutionError
		unfit    *pipeline.UnfitError
		conflict *render.ConflictError
		early    *simulate.OrderError
		occupied *gitops.OccupiedError
	)
	return errors.As(err, &none) || errors.As(err, &unfit) || errors.As(err, &conflict) || errors.As(err, &early) || errors.As(err, &occupied)
}

// explained is an error as a person reads it.
func explained(err error) string {
	var no *resolver.NoSolutionError
	if errors.As(err, &no) {
		return no.Explain()
	}
	return err.Error()
}
