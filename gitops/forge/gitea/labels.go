package gitea

import (
	"context"
	"slices"

	sdk "code.gitea.io/sdk/gitea"

	"gkops.dev/gkops/gitops/forge/polite"
)

func labelNames(labels []*sdk.Label) []string {
	var names []string
	for _, label := range labels {
		names = append(names, label.Name)
	}
	return polite.Sorted(names)
}

// newLabel is the colour of labels that are made because a pull needs them.
const newLabel = "#8c959f"

// addLabels gives a pull or an issue labels, which are made when the repository does not have them.
func (c *Client) addLabels(ctx context.Context, path string, number int64, names []string) error {
	if len(names) == 0 {
		return nil
	}
	ids, err := c.labels(ctx, path, polite.Sorted(names))
	if err != nil {
		return err
	}
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return err
	}
	_, _, err = api.AddIssueLabels(owner, name, number, sdk.IssueLabelsOption{Labels: ids})
	return c.failed(err, "label %d of %s", number, path)
}

// labels are the ids of labels, made where they are missing.
func (c *Client) labels(ctx context.Context, path string, names []string) ([]int64, error) {
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return nil, err
	}
	known, err := polite.Pages(func(page int) ([]*sdk.Label, int, error) {
		some, answer, err := api.ListRepoLabels(owner, name, sdk.ListLabelsOptions{ListOptions: list(page)})
		return some, next(answer), err
	})
	if err != nil {
		return nil, c.failed(err, "labels of %s", path)
	}
	var ids []int64
	for _, wanted := range names {
		n := slices.IndexFunc(known, func(l *sdk.Label) bool { return l.Name == wanted })
		if n >= 0 {
			ids = append(ids, known[n].ID)
			continue
		}
		made, _, err := api.CreateLabel(owner, name, sdk.CreateLabelOption{Name: wanted, Color: newLabel})
		if err != nil {
			return nil, c.failed(err, "make the label %s of %s", wanted, path)
		}
		ids = append(ids, made.ID)
	}
	return ids, nil
}

// removeLabels takes labels from a pull, as far as it has them.
func (c *Client) removeLabels(ctx context.Context, path string, number int64, names []string) error {
	if len(names) == 0 {
		return nil
	}
	api, owner, name, err := c.at(ctx, path)
	if err != nil {
		return err
	}
	has, _, err := api.GetIssueLabels(owner, name, number, sdk.ListLabelsOptions{ListOptions: list(1)})
	if err != nil {
		return c.failed(err, "labels of %d of %s", number, path)
	}
	for _, label := range has {
		if !slices.Contains(names, label.Name) {
			continue
		}
		if _, err := api.DeleteIssueLabel(owner, name, number, label.ID); err != nil {
			return c.failed(err, "take the label %s from %d of %s", label.Name, number, path)
		}
	}
	return nil
}
