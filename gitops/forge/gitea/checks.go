package gitea

import (
	"context"
	"slices"

	sdk "code.gitea.io/sdk/gitea"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Checks lists the latest status of every context. Actions report as statuses too.
func (c *Client) Checks(ctx context.Context, path, commit string) ([]forge.Check, error) {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return nil, err
	}
	all, err := polite.Pages(func(page int) ([]*sdk.Status, int, error) {
		some, answer, err := api.ListStatuses(owner, name, commit, sdk.ListStatusesOption{ListOptions: list(page)})
		return some, next(answer), err
	})
	if err != nil {
		return nil, c.failed(err, "statuses of %s in %s", commit, path)
	}
	slices.SortStableFunc(all, func(a, b *sdk.Status) int { return int(b.ID - a.ID) })
	seen := map[string]bool{}
	var checks []forge.Check
	for _, s := range all {
		if !seen[s.Context] {
			seen[s.Context] = true
			checks = append(checks, forge.Check{Name: s.Context, State: stateOf(s.State), URL: s.TargetURL})
		}
	}
	return forge.ByName(checks), nil
}

// stateOf reads the states of statuses: a warning holds nothing back, neither does what was skipped.
func stateOf(state sdk.StatusState) forge.CheckState {
	switch state {
	case sdk.StatusSuccess, sdk.StatusWarning, "skipped":
		return forge.Success
	case sdk.StatusPending:
		return forge.Pending
	}
	return forge.Failure
}

// SetStatus sets a commit status.
func (c *Client) SetStatus(ctx context.Context, path, commit string, status forge.Status) error {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return err
	}
	_, _, err = api.CreateStatus(owner, name, commit, sdk.CreateStatusOption{
		State: sdk.StatusState(status.State), TargetURL: status.URL, Description: polite.Cut(status.Description, 140), Context: status.Context,
	})
	return c.failed(err, "set the status %s of %s in %s", status.Context, commit, path)
}
