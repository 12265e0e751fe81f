package pipeline

import (
	"context"
	"fmt"

	lifecycle "gkops.dev/gkops/compat/knowledge"
	"gkops.dev/gkops/gitops/workspace"
	"gkops.dev/gkops/resolver"
)

// KubernetesPlan is the way of one cluster to another Kubernetes version, one minor at a time. Its JSON is a stable schema.
type KubernetesPlan struct {
	Cluster string `json:"cluster"`
	From    string `json:"from"`
	To      string `json:"to"`
	// Reaches is the version that the steps lead to: To, unless something is blocked.
	Reaches string `json:"reaches"`
	// Changes is how many versions of packages change on the way. When Shortest, no way has fewer.
	Changes  int              `json:"changes"`
	Shortest bool             `json:"shortest"`
	Steps    []KubernetesStep `json:"steps"`
	Blocked  []Blocked        `json:"blocked"` // what cannot follow, and why
	Unknown  []Unknown        `json:"unknown"` // of which nothing is said: silence is never compatible
}

// KubernetesStep is one step, to be applied before the next: packages that move together at version At, all of them valid on it and
// ready for the next, or, when To is set, the cluster itself.
type KubernetesStep struct {
	Number int           `json:"number"` // 1 is the first
	At     string        `json:"at"`
	To     string        `json:"to,omitempty"`
	Moves  []VersionMove `json:"moves,omitempty"`
}

// VersionMove is one instance of a step. From is empty for one that comes, To for one that goes.
type VersionMove struct {
	Instance string `json:"instance"`
	Package  string `json:"package"`
	Registry string `json:"registry"`
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
	// Why says what moves it: the first version of Kubernetes that From does not fit, or what else needs it.
	Why string `json:"why"`
	// Evidence is what says that To fits the versions of Kubernetes that it is there for, the weightiest first.
	Evidence []FitEvidence `json:"evidence"`
}

// FitEvidence is a range of Kubernetes versions, and who says it, with place and date.
type FitEvidence struct {
	Range  string `json:"range"`
	Source string `json:"source"`
}

// String is "1.30 || 1.29 (declared in README.md on 2026-01-31, facts of overlay compat)".
func (e FitEvidence) String() string { return fmt.Sprintf("%s (%s)", e.Range, e.Source) }

// Blocked is an instance that cannot follow the cluster to a version of Kubernetes.
type Blocked struct {
	Instance   string   `json:"instance,omitempty"` // empty when it is no single one
	Package    string   `json:"package,omitempty"`
	Version    string   `json:"version,omitempty"` // that it has there
	Kubernetes string   `json:"kubernetes"`        // the first version that it cannot follow to
	Why        string   `json:"why"`
	Steps      []string `json:"steps,omitempty"` // the requirements that cannot hold together, when it is no single instance
	Hint       string   `json:"hint,omitempty"`
}

// Unknown is an instance at a version of which nothing is said for some versions of Kubernetes on the way.
type Unknown struct {
	Instance   string   `json:"instance"`
	Package    string   `json:"package"`
	Version    string   `json:"version"`
	Kubernetes []string `json:"kubernetes"`
	// Measured is what its objects say: they fit, as far as objects can.
	Measured string `json:"measured"`
}

// StaleLockError says that a cluster's lock is no answer to gkops.yaml.
type StaleLockError struct{ Cluster string }

// Error names the cluster.
func (e *StaleLockError) Error() string {
	return fmt.Sprintf("the lock of cluster %s is no answer to %s", e.Cluster, workspace.FileName)
}

// Hint says what to do.
func (e *StaleLockError) Hint() string { return "run 'gkops render' first" }

// MinorError says that a cluster cannot go to a version of Kubernetes.
type MinorError struct{ Cluster, From, To string }

// Error names both versions.
func (e *MinorError) Error() string {
	return fmt.Sprintf("cluster %s runs Kubernetes %s and cannot go back to %s", e.Cluster, e.From, e.To)
}

// Hint says why.
func (e *MinorError) Hint() string {
	return "Kubernetes itself supports no way back to an earlier minor"
}

// PlanKubernetes finds the shortest way of a cluster to a Kubernetes version, "1.35". It starts from the lock, reads the versions of
// what is there and what is known of them, and renders each step, so that what objects say is known too. It writes nothing. It
// returns an *UnknownError for a cluster that is not there, a *MinorError, a *StaleLockError, and what reading and rendering return.
func (p *Project) PlanKubernetes(ctx context.Context, cluster, target string) (*KubernetesPlan, error) {
	c, err := p.cluster(cluster)
	if err != nil {
		return nil, err
	}
	from, err := lifecycle.ParseMinor(c.Kubernetes)
	if err != nil {
		return nil, err
	}
	to, err := lifecycle.ParseMinor(target)
	if err != nil {
		return nil, err
	}
	if to < from {
		return nil, &MinorError{c.Name, from.String(), to.String()}
	}
	start, err := p.standOf(c)
	if err != nil {
		return nil, err
	}
	e, err := p.newExpedition(c, from, to)
	if err != nil {
		return nil, err
	}
	if err := e.prepare(ctx, start); err != nil {
		return nil, err
	}
	return e.plan(ctx, start)
}

func (p *Project) cluster(name string) (workspace.Cluster, error) {
	for _, c := range p.workspace.Clusters {
		if c.Name == name {
			return c, nil
		}
	}
	return workspace.Cluster{}, knownCluster(p.workspace, name)
}

// standOf is what the lock of a cluster holds.
func (p *Project) standOf(c workspace.Cluster) (*stand, error) {
	held := p.locks[c.Name]
	if held == nil && len(p.workspace.Effective(c.Name)) == 0 {
		return newStand(&resolver.Plan{}), nil
	}
	plan, ok := keep(held, p.workspace, c.Name)
	if !ok {
		return nil, &StaleLockError{c.Name}
	}
	return newStand(plan), nil
}

// TakeStep makes an edit a step of a plan: the packages go to exactly the versions of the step, or gkops.yaml gets the other version of
// Kubernetes. The steps of a plan are meant to be taken in order, each when the cluster has the one before.
func (p *Project) TakeStep(e *Edit, cluster string, step KubernetesStep) error {
	e.Clusters = []string{cluster}
	if step.To != "" {
		var err error
		e.Workspace, err = workspace.SetKubernetes(p.bytes(e), cluster, step.To)
		return err
	}
	for _, m := range step.Moves {
		if m.To == "" {
			continue // goes when nothing asks for it any more
		}
		v, err := parseLocked(m.Instance, m.To)
		if err != nil {
			return err
		}
		e.pins = append(e.pins, pin{m.Instance, m.Package, v})
		e.Move = append(e.Move, m.Instance)
	}
	return nil
}
