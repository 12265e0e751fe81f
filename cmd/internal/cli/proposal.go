package cli

import (
	"errors"
	"fmt"
	"strings"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/resolver"
)

// proposalJSON is the stable schema of a change: 'gkops add -o json'.
type proposalJSON struct {
	Workspace bool          `json:"workspace"` // gkops.yaml changes
	Notices   []string      `json:"notices"`
	Clusters  []clusterJSON `json:"clusters"`
	Pull      *bot.Outcome  `json:"pull,omitempty"` // that was opened
}

type clusterJSON struct {
	Name       string     `json:"name"`
	Kubernetes string     `json:"kubernetes"`
	Steps      []stepJSON `json:"steps"`
	Files      filesJSON  `json:"files"`
	Notices    []string   `json:"notices"`
}

type filesJSON struct {
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Removed int `json:"removed"`
}

type stepJSON struct {
	Change   string `json:"change"` // added, removed, up, down or changed
	Instance string `json:"instance"`
	Package  string `json:"package"`
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
	Registry string `json:"registry"`
	Layers   []int  `json:"layers"`
	Why      string `json:"why"`
}

// showAs prints a proposal in a format. What has to be known about it is told on stderr in each of them.
func showAs(env Env, format string, proposal *pipeline.Proposal) error {
	switch format {
	case "json":
		return writeJSON(env.Stdout, proposalOf(proposal))
	case "markdown":
		showMarkdown(env, proposal)
	default:
		showProposal(env, proposal)
	}
	return nil
}

func proposalOf(proposal *pipeline.Proposal) proposalJSON {
	all := proposalJSON{Workspace: proposal.Workspace, Notices: append([]string{}, proposal.Notices...), Clusters: []clusterJSON{}}
	for _, c := range proposal.Clusters {
		one := clusterJSON{
			Name: c.Name, Kubernetes: c.Kubernetes, Steps: []stepJSON{}, Files: filesJSON(c.Files), Notices: append([]string{}, c.Notices...),
		}
		for _, s := range c.Steps {
			one.Steps = append(one.Steps, stepJSON{
				Change: changeName(s), Instance: s.Instance, Package: s.Package, From: s.From, To: s.To, Registry: s.Registry,
				Layers: append([]int{}, s.Waves...), Why: s.Why,
			})
		}
		all.Clusters = append(all.Clusters, one)
	}
	return all
}

func changeName(s pipeline.Step) string {
	return map[string]string{"+": "added", "-": "removed", "^": "up", "v": "down", "~": "changed"}[s.Sign()]
}

// showMarkdown prints a proposal as one table for each cluster.
func showMarkdown(env Env, proposal *pipeline.Proposal) {
	for _, c := range proposal.Clusters {
		fmt.Fprintf(env.Stdout, "**%s** (Kubernetes %s)\n\n", escapeMarkdown(c.Name), escapeMarkdown(c.Kubernetes))
		if len(c.Steps) > 0 {
			fmt.Fprint(env.Stdout, "| change | instance | version | why |\n|---|---|---|---|\n")
		}
		for _, s := range c.Steps {
			fmt.Fprintf(env.Stdout, "| %s | %s | %s | %s |\n", changeName(s), escapeMarkdown(s.Instance), escapeMarkdown(s.Versions()), escapeMarkdown(s.Why))
		}
		if len(c.Steps) > 0 {
			fmt.Fprintln(env.Stdout)
		}
		for _, notice := range c.Notices {
			fmt.Fprintf(env.Stdout, "- %s\n", escapeMarkdown(strings.ReplaceAll(notice, "\n", " ")))
		}
		if len(c.Notices) > 0 {
			fmt.Fprintln(env.Stdout)
		}
		fmt.Fprintf(env.Stdout, "%s\n\n", c.Files)
	}
	showFindings(env, proposal.Findings)
}

// told prints the answer "no" to stdout in the format that was asked for, with its conflict on stderr. Every other error, and the
// format text, it leaves to the caller.
func told(env Env, format string, err error) error {
	var no *resolver.NoSolutionError
	if !errors.As(err, &no) {
		return err
	}
	switch format {
	case "json":
		if failed := writeJSON(env.Stdout, map[string]any{"no": no}); failed != nil {
			return failed
		}
	case "markdown":
		fmt.Fprint(env.Stdout, no.Markdown())
	default:
		return err
	}
	return &answerNo{no.Conflict}
}

// escapeMarkdown keeps versions, ranges and names from being read as markup.
func escapeMarkdown(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", `\<`, ">", `\>`, "~", `\~`, "|", `\|`, "`", "\\`").Replace(s)
}
