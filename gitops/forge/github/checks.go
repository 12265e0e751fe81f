package github

import (
	"context"

	sdk "github.com/google/go-github/v88/github"

	"gkops.dev/gkops/gitops/forge"
	"gkops.dev/gkops/gitops/forge/polite"
)

// Checks lists the latest check runs and statuses.
func (c *Client) Checks(ctx context.Context, path, commit string) ([]forge.Check, error) {
	owner, name, err := c.split(path)
	if err != nil {
		return nil, err
	}
	runs, err := polite.Pages(func(page int) ([]*sdk.CheckRun, int, error) {
		some, answer, err := c.api.Checks.ListCheckRunsForRef(ctx, owner, name, commit, &sdk.ListCheckRunsOptions{ListOptions: list(page)})
		if err != nil {
			return nil, 0, err
		}
		return some.CheckRuns, next(answer), nil
	})
	if err != nil {
		return nil, c.failed(err, "checks of %s in %s", commit, path)
	}
	statuses, err := polite.Pages(func(page int) ([]*sdk.RepoStatus, int, error) {
		options := list(page)
		some, answer, err := c.api.Repositories.GetCombinedStatus(ctx, owner, name, commit, &options)
		if err != nil {
			return nil, 0, err
		}
		return some.Statuses, next(answer), nil
	})
	if err != nil {
		return nil, c.failed(err, "statuses of %s in %s", commit, path)
	}
	var checks []forge.Check
	for _, run := range runs {
		checks = append(checks, forge.Check{Name: run.GetName(), State: conclusion(run), URL: run.GetHTMLURL()})
	}
	for _, status := range statuses {
		checks = append(checks, forge.Check{Name: status.GetContext(), State: stateOf(status.GetState()), URL: status.GetTargetURL()})
	}
	return forge.ByName(checks), nil
}

// conclusion reads a check run: neutral and skipped hold nothing back, as in GitHub's own rule for required checks.
func conclusion(run *sdk.CheckRun) forge.CheckState {
	if run.GetStatus() != "completed" {
		return forge.Pending
	}
	switch run.GetConclusion() {
	case "success", "neutral", "skipped":
		return forge.Success
	}
	return forge.Failure
}

func stateOf(state string) forge.CheckState {
	switch state {
	case "success":
		return forge.Success
	case "pending":
		return forge.Pending
	}
	return forge.Failure
}

// SetStatus sets a commit status.
func (c *Client) SetStatus(ctx context.Context, path, commit string, status forge.Status) error {
	owner, name, err := c.split(path)
	if err != nil {
		return err
	}
	set := sdk.RepoStatus{State: sdk.Ptr(string(status.State)), Context: &status.Context, Description: sdk.Ptr(polite.Cut(status.Description, 140))}
	if status.URL != "" {
		set.TargetURL = &status.URL
	}
	_, _, err = c.api.Repositories.CreateStatus(ctx, owner, name, commit, set)
	return c.failed(err, "set the status %s of %s in %s", status.Context, commit, path)
}
