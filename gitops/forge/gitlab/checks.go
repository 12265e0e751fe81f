package gitlab

import (
	"context"
	"net/http"
	"slices"
	"strings"

	sdk "gitlab.com/gitlab-org/api/client-go/v2"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Checks lists the latest statuses of a commit, which are the jobs of its pipelines too.
func (c *Client) Checks(ctx context.Context, path, commit string) ([]forge.Check, error) {
	all, err := polite.Pages(func(page int) ([]*sdk.CommitStatus, int, error) {
		some, answer, err := c.api.Commits.GetCommitStatuses(path, commit, &sdk.GetCommitStatusesOptions{ListOptions: list(page)}, sdk.WithContext(ctx))
		return some, next(answer), err
	})
	if err != nil {
		return nil, c.failed(err, "statuses of %s in %s", commit, path)
	}
	slices.SortStableFunc(all, func(a, b *sdk.CommitStatus) int { return int(b.ID - a.ID) })
	seen := map[string]bool{}
	var checks []forge.Check
	for _, s := range all {
		if !seen[s.Name] {
			seen[s.Name] = true
			checks = append(checks, forge.Check{Name: s.Name, State: stateOf(s), URL: s.TargetURL})
		}
	}
	return forge.ByName(checks), nil
}

// stateOf reads a status. A job that may fail, and one that waits for a person and may be left out, hold nothing back.
func stateOf(s *sdk.CommitStatus) forge.CheckState {
	switch state := sdk.BuildStateValue(s.Status); {
	case state == sdk.Success || state == sdk.Skipped:
		return forge.Success
	case s.AllowFailure && (state == sdk.Failed || state == sdk.Manual || state == sdk.Canceled):
		return forge.Success
	case state == sdk.Failed || state == sdk.Canceled:
		return forge.Failure
	}
	return forge.Pending
}

// SetStatus sets a commit status. A status that is as it should be cannot be set again; that is no error here.
func (c *Client) SetStatus(ctx context.Context, path, commit string, status forge.Status) error {
	state := map[forge.CheckState]sdk.BuildStateValue{forge.Pending: sdk.Pending, forge.Success: sdk.Success, forge.Failure: sdk.Failed}[status.State]
	set := sdk.SetCommitStatusOptions{State: state, Name: &status.Context, Description: sdk.Ptr(polite.Cut(status.Description, 140))}
	if status.URL != "" {
		set.TargetURL = &status.URL
	}
	_, _, err := c.api.Commits.SetCommitStatus(path, commit, &set, sdk.WithContext(ctx))
	if polite.Status(err) == http.StatusBadRequest && strings.Contains(err.Error(), "Cannot transition status") {
		return nil
	}
	return c.failed(err, "set the status %s of %s in %s", status.Context, commit, path)
}
