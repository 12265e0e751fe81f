package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
)

type addOptions struct {
	changeOptions
	packages  []string
	as        string
	namespace string
	registry  string
	set       []string
	setFrom   []string
}

func newAdd(env Env) *cobra.Command {
	var o addOptions
	cmd := &cobra.Command{
		Use:   "add PKG[@RANGE]...",
		Short: "Add packages, with all that they need",
		Long: `Add packages to gkops.yaml, choose versions for them and for all that they need, render, and write.

PKG@RANGE is written as the package's version and binds until 'gkops set' changes it; a full version with
a packaging revision (v1.17.0+2) means exactly that one. A package that is there already gets what the flags say.`,
		Example: `  gkops add cert-manager
  gkops add cert-manager@">=1.17 <2" --commit
  gkops add postgresql --as orders-db -n orders --set databaseName=orders
  gkops add webapp --set-from adminPassword=secret:web/admin/password`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: complete(env, packageNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.packages = args
			if len(args) > 1 && (o.as != "" || len(o.set) > 0 || len(o.setFrom) > 0) {
				return usagef(cmd, "--as, --set and --set-from go with one package, not with %d", len(args))
			}
			return runAdd(cmd.Context(), env, o)
		},
	}
	o.flags(cmd, env)
	f := cmd.Flags()
	f.StringVar(&o.as, "as", "", "name of the instance of a namespaced package (default: the package's name)")
	f.StringVarP(&o.namespace, "namespace", "n", "", "namespace of the instance")
	f.StringVar(&o.registry, "registry", "", "take the packages from this registry, now and later")
	f.StringArrayVar(&o.set, "set", nil, "set a value: NAME=VALUE")
	f.StringArrayVar(&o.setFrom, "set-from", nil, "set a value by reference: NAME=secret:NAMESPACE/NAME/KEY")
	completeFlag(cmd, "registry", env, registryNames)
	return cmd
}

func runAdd(ctx context.Context, env Env, o addOptions) error {
	values, references, err := parseSets(o.set, o.setFrom)
	if err != nil {
		return err
	}
	return edited(ctx, env, o.changeOptions, func(p *pipeline.Project, edit *pipeline.Edit) error {
		for _, arg := range o.packages {
			name, versions, _ := strings.Cut(arg, "@")
			want := pipeline.Want{
				Package: name, Version: versions, As: o.as, Namespace: o.namespace, Registry: o.registry, Cluster: o.cluster,
				Values: values, ValuesFrom: references,
			}
			if err := p.Add(ctx, edit, want); err != nil {
				return err
			}
		}
		return nil
	})
}

// parseSets reads --set NAME=VALUE and --set-from NAME=secret:NAMESPACE/NAME/KEY.
func parseSets(set, setFrom []string) (map[string]string, map[string]pipeline.SecretReference, error) {
	values := map[string]string{}
	for _, s := range set {
		name, value, found := strings.Cut(s, "=")
		if !found || name == "" {
			return nil, nil, fmt.Errorf("--set %q is not NAME=VALUE", s)
		}
		values[name] = value
	}
	references := map[string]pipeline.SecretReference{}
	for _, s := range setFrom {
		name, reference, err := parseReference(s)
		if err != nil {
			return nil, nil, fmt.Errorf("--set-from %q: %w", s, err)
		}
		if _, both := values[name]; both {
			return nil, nil, fmt.Errorf("value %s is set twice: by --set and by --set-from", name)
		}
		references[name] = reference
	}
	return values, references, nil
}

var errReference = errors.New("not NAME=secret:NAMESPACE/NAME/KEY")

func parseReference(s string) (string, pipeline.SecretReference, error) {
	name, source, found := strings.Cut(s, "=")
	kind, path, isSecret := strings.Cut(source, ":")
	parts := strings.Split(path, "/")
	if !found || !isSecret || name == "" || kind != "secret" || len(parts) != 3 {
		return "", pipeline.SecretReference{}, errReference
	}
	for _, part := range parts {
		if part == "" {
			return "", pipeline.SecretReference{}, errReference
		}
	}
	return name, pipeline.SecretReference{Namespace: parts[0], Name: parts[1], Key: parts[2]}, nil
}
