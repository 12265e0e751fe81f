package cli

import (
	"fmt"
	"io"
	"strings"

	"gkops.dev/gkops/cmd/internal/pipeline"
)

// showPlans prints plans for people.
func showPlans(env Env, format string, plans []*pipeline.KubernetesPlan) {
	switch format {
	case "markdown":
		for _, plan := range plans {
			showPlanMarkdown(env.Stdout, plan)
		}
	default:
		for n, plan := range plans {
			if n > 0 {
				fmt.Fprintln(env.Stdout)
			}
			showPlan(env.Stdout, plan)
		}
	}
}

// headline is "Kubernetes 1.29 to 1.32 in 5 steps, 2 versions change".
func headline(plan *pipeline.KubernetesPlan) string {
	if len(plan.Steps) == 0 {
		return fmt.Sprintf("stays at Kubernetes %s", plan.From)
	}
	line := fmt.Sprintf("Kubernetes %s to %s in %s, %s", plan.From, plan.Reaches, counted(len(plan.Steps), "step"), counted(plan.Changes, "version change"))
	if !plan.Shortest {
		line += " (there may be a shorter way: the search was cut off)"
	}
	return line
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// stepLine is a step in one line.
func stepLine(s pipeline.KubernetesStep) string {
	if s.To != "" {
		return fmt.Sprintf("Kubernetes %s -> %s", s.At, s.To)
	}
	moves := make([]string, 0, len(s.Moves))
	for _, m := range s.Moves {
		moves = append(moves, moveLine(m))
	}
	return strings.Join(moves, ", ")
}

func moveLine(m pipeline.VersionMove) string {
	switch {
	case m.From == "":
		return fmt.Sprintf("add %s %s", m.Instance, m.To)
	case m.To == "":
		return fmt.Sprintf("remove %s %s", m.Instance, m.From)
	}
	return fmt.Sprintf("upgrade %s %s -> %s", m.Instance, m.From, m.To)
}

func showPlan(w io.Writer, plan *pipeline.KubernetesPlan) {
	fmt.Fprintf(w, "%s: %s\n", plan.Cluster, headline(plan))
	width := len(fmt.Sprint(len(plan.Steps)))
	for _, s := range plan.Steps {
		fmt.Fprintf(w, "  %*d. %s\n", width, s.Number, stepLine(s))
		for _, m := range s.Moves {
			for _, line := range reasonLines(s, m) {
				fmt.Fprintf(w, "  %*s  %s\n", width, "", printable(line))
			}
		}
	}
	if len(plan.Blocked) > 0 {
		fmt.Fprintln(w, "cannot follow:")
	}
	for _, b := range plan.Blocked {
		fmt.Fprintf(w, "  %s\n", printable(blockedLine(b)))
		for n, step := range b.Steps {
			fmt.Fprintf(w, "    %d. %s\n", n+1, printable(step))
		}
		if b.Hint != "" {
			fmt.Fprintf(w, "    hint: %s\n", printable(b.Hint))
		}
	}
	if len(plan.Unknown) > 0 {
		fmt.Fprintln(w, "nothing is said of:")
	}
	for _, u := range plan.Unknown {
		fmt.Fprintf(w, "  %s\n", printable(unknownLine(u)))
	}
}

// reasonLines say why a version moves in a step, and what says that the new one fits.
func reasonLines(s pipeline.KubernetesStep, m pipeline.VersionMove) []string {
	of := ""
	if len(s.Moves) > 1 {
		of = m.Instance + ": "
	}
	lines := []string{of + m.Why}
	for _, e := range m.Evidence {
		lines = append(lines, fmt.Sprintf("%s%s fits Kubernetes %s", of, m.To, e))
	}
	return lines
}

func blockedLine(b pipeline.Blocked) string {
	if b.Instance == "" {
		return fmt.Sprintf("Kubernetes %s: %s", b.Kubernetes, b.Why)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s", b.Instance, b.Version)) + fmt.Sprintf(" to Kubernetes %s: %s", b.Kubernetes, b.Why)
}

func unknownLine(u pipeline.Unknown) string {
	where := u.Kubernetes[0]
	if last := u.Kubernetes[len(u.Kubernetes)-1]; last != where {
		where += " to " + last
	}
	return fmt.Sprintf("%s %s on Kubernetes %s; its objects fit %s", u.Instance, u.Version, where, u.Measured)
}

func showPlanMarkdown(w io.Writer, plan *pipeline.KubernetesPlan) {
	fmt.Fprintf(w, "**%s**: %s\n\n", escapeMarkdown(plan.Cluster), escapeMarkdown(headline(plan)))
	if len(plan.Steps) > 0 {
		fmt.Fprint(w, "| step | on Kubernetes | what | why |\n|---:|---|---|---|\n")
	}
	for _, s := range plan.Steps {
		var why []string
		for _, m := range s.Moves {
			for _, line := range reasonLines(s, m) {
				why = append(why, escapeMarkdown(printable(line)))
			}
		}
		fmt.Fprintf(w, "| %d | %s | %s | %s |\n", s.Number, s.At, escapeMarkdown(stepLine(s)), strings.Join(why, "<br>"))
	}
	if len(plan.Steps) > 0 {
		fmt.Fprintln(w)
	}
	if len(plan.Blocked) > 0 {
		fmt.Fprint(w, "Cannot follow:\n\n")
	}
	for _, b := range plan.Blocked {
		line := blockedLine(b)
		if len(b.Steps) > 0 {
			line += ": " + strings.Join(b.Steps, "; ")
		}
		if b.Hint != "" {
			line += " (" + b.Hint + ")"
		}
		fmt.Fprintf(w, "- %s\n", escapeMarkdown(printable(line)))
	}
	if len(plan.Blocked) > 0 {
		fmt.Fprintln(w)
	}
	if len(plan.Unknown) > 0 {
		fmt.Fprint(w, "Nothing is said of:\n\n")
	}
	for _, u := range plan.Unknown {
		fmt.Fprintf(w, "- %s\n", escapeMarkdown(printable(unknownLine(u))))
	}
	if len(plan.Unknown) > 0 {
		fmt.Fprintln(w)
	}
}
