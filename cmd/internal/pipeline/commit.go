package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/resolver/catalog"
)

// Commit writes a proposal into the work tree and commits exactly its files to the current branch. The commit message is
// computed; a subject that is not empty stands in for its first line; sign may be nil. It returns the commit's id, and gitops.ErrUnchanged when HEAD
// holds all of it.
func (p *Project) Commit(ctx context.Context, proposal *Proposal, subject string, now time.Time, sign func(text []byte) (string, error)) (string, error) {
	if err := p.marked(proposal); err != nil {
		return "", err
	}
	message := proposal.Message(subject)
	if err := p.repository.Apply(ctx, proposal.change); err != nil {
		return "", err
	}
	hash, err := p.repository.Commit(ctx, proposal.change, gitops.CommitOptions{Message: message, Getenv: p.world.Getenv, When: now, Sign: sign})
	if err != nil && !errors.Is(err, gitops.ErrUnchanged) && !proposal.Empty() {
		return "", fmt.Errorf("written to the work tree, but not committed: %w", err)
	}
	return hash, err
}

// PlaceholderError says that the tree holds a placeholder where the address of the repository has to be.
type PlaceholderError struct{ File string }

// Error names the file.
func (e *PlaceholderError) Error() string {
	return fmt.Sprintf("%s holds a placeholder instead of the address of this repository", e.File)
}

// Hint says where to give the address.
func (e *PlaceholderError) Hint() string {
	return "set source.repoURL in gkops.yaml, or add a git remote named origin"
}

// marked refuses to commit a tree with a placeholder in it.
func (p *Project) marked(proposal *Proposal) error {
	for _, f := range proposal.Findings {
		if f.Rule == "repo-url-missing" {
			return &PlaceholderError{File: f.File}
		}
	}
	return nil
}

// Message is the commit message: what was added, changed and removed, from what to what, and why.
func (p *Proposal) Message(subject string) string {
	var body strings.Builder
	for _, c := range p.Clusters {
		if len(c.sinceHead) == 0 {
			continue
		}
		fmt.Fprintf(&body, "\n%s:\n", c.Name)
		for _, s := range c.sinceHead {
			fmt.Fprintf(&body, "%s %s %s", s.Sign(), s.Instance, s.Versions())
			if s.Why != "" {
				fmt.Fprintf(&body, " (%s)", s.Why)
			}
			body.WriteByte('\n')
		}
	}
	if subject == "" {
		subject = p.Subject("Update the workspace")
	}
	return subject + "\n" + body.String()
}

// maxSubject is where the first line of a commit message stops naming instances.
const maxSubject = 72

// Subject is the first line of the commit message, "Add cert-manager v1.17.0+2, web v2.0.0", and another where no instance changes.
func (p *Proposal) Subject(otherwise string) string {
	verbs := []struct{ sign, verb string }{{"+", "add"}, {"^", "upgrade"}, {"v", "downgrade"}, {"-", "remove"}, {"~", "change"}}
	var clauses []string
	for _, v := range verbs {
		var named []string
		seen := map[string]bool{}
		for _, c := range p.Clusters {
			for _, s := range c.sinceHead {
				name := s.Instance + " " + s.To
				if s.To == "" || v.sign == "~" || v.sign == "-" {
					name = s.Instance
				}
				if s.Sign() == v.sign && !seen[name] {
					seen[name] = true
					named = append(named, name)
				}
			}
		}
		if len(named) > 0 {
			clauses = append(clauses, v.verb+" "+strings.Join(named, ", "))
		}
	}
	if len(clauses) == 0 {
		return otherwise
	}
	line := strings.Join(clauses, "; ")
	line = strings.ToUpper(line[:1]) + line[1:]
	if len(line) > maxSubject {
		return fmt.Sprintf("Update %d packages", p.stepCount())
	}
	return line
}

func (p *Proposal) stepCount() int {
	n := 0
	for _, c := range p.Clusters {
		n += len(c.sinceHead)
	}
	return n
}

// newer reports whether a version is lower than another.
func newer(from, to string) bool {
	a, errA := catalog.ParseVersion(from)
	b, errB := catalog.ParseVersion(to)
	return errA == nil && errB == nil && a.Compare(b) < 0
}
