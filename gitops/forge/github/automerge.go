package github

import (
	"context"
	"strings"

	"gkops.dev/gkops/gitops/forge"
)

// enable is the mutation that lets GitHub merge (docs.github.com, GraphQL reference, enablePullRequestAutoMerge).
const enable = `mutation($pull: ID!, $method: PullRequestMergeMethod!, $commit: GitObjectID!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $pull, mergeMethod: $method, expectedHeadOid: $commit}) { clientMutationId }
}`

// queue lets the forge merge a pull. It reports false when nothing is to be waited for, so that the pull can be merged now.
func (c *Client) queue(ctx context.Context, owner, name string, number int, commit, method, what string) (bool, error) {
	pull, _, err := c.api.PullRequests.Get(ctx, owner, name, number)
	if err != nil {
		return false, c.failed(err, "%s", what)
	}
	if pull.GetHead().GetSHA() != commit {
		return false, &forge.ConflictError{Forge: c.name, What: what, Reason: "its branch is at " + pull.GetHead().GetSHA()}
	}
	request, err := c.api.NewRequest(ctx, "POST", c.graph, map[string]any{
		"query": enable, "variables": map[string]string{"pull": pull.GetNodeID(), "method": strings.ToUpper(method), "commit": commit},
	})
	if err != nil {
		return false, err
	}
	var answer struct{ Errors []struct{ Message string } }
	if _, err := c.api.Do(request, &answer); err != nil {
		return false, c.failed(err, "%s", what)
	}
	if len(answer.Errors) == 0 {
		return true, nil
	}
	if strings.Contains(answer.Errors[0].Message, "clean status") {
		return false, nil // every check has passed; GraphQL has no code for it
	}
	return false, &forge.ConflictError{Forge: c.name, What: what, Reason: answer.Errors[0].Message}
}
