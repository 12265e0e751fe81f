package bot

import (
	"fmt"

	"gkops.dev/gkops/gitops/forge/azure"
	"gkops.dev/gkops/gitops/forge/bitbucket"
	"gkops.dev/gkops/gitops/forge/gitea"
	"gkops.dev/gkops/gitops/forge/github"
	"gkops.dev/gkops/gitops/forge/gitlab"
	"gkops.dev/gkops/gitops/forge/kind"
	"gkops.dev/gkops/gitops/forge/polite"
)

// OpenForge is the client of the forge that a repository lives on. app is the GitHub App whose tokens login hands out, nil for none.
// Nothing is asked of the forge yet.
func OpenForge(at kind.Place, login polite.Login, app *github.App, o polite.Options) (Forge, error) {
	switch at.Kind {
	case kind.GitHub:
		client, err := github.New(at.API, login, o)
		if err == nil && app != nil {
			client.ForApp(app)
		}
		return client, err
	case kind.GitLab:
		return gitlab.New(at.API, login, o)
	case kind.Gitea:
		return gitea.New(at.API, login, o), nil
	case kind.Bitbucket:
		return bitbucket.New(at.API, login, o), nil
	case kind.Azure:
		return azure.New(at.API, login, o), nil
	}
	return nil, fmt.Errorf("there is no kind of forge %q", at.Kind)
}
