package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"gkops.dev/gkops/cmd/internal/pipeline"
	"gkops.dev/gkops/resolver/catalog"
)

type addOptions struct {
	changeOptions
	packages  []string
	as        string
	namespace string
	registry  string
	given     givenOptions
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
  gkops add cert-manager --dry-run -o markdown
  gkops add ingress-nginx --registry charts --set controller.replicaCount=2 --values values/ingress.yaml
  gkops add webapp --set-from adminPassword=secret:web/admin/password`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: complete(env, packageNames),
	}
	o.flags(cmd, env)
	o.versionFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.packages = args
		if len(args) > 1 && (o.as != "" || o.given.any()) {
			return usagef(cmd, "--as, --mode and values go with one package, not with %d", len(args))
		}
		return runAdd(cmd.Context(), env, o)
	}
	f := cmd.Flags()
	f.StringVar(&o.as, "as", "", "name of the instance of a namespaced package (default: the package's name)")
	f.StringVarP(&o.namespace, "namespace", "n", "", "namespace of the instance")
	f.StringVar(&o.registry, "registry", "", "take the packages from this registry, now and later")
	f.StringArrayVar(&o.given.set, "set", nil, "set a value, or one of a chart by its path: NAME=VALUE")
	o.given.flags(cmd)
	completeFlag(cmd, "registry", env, registryNames)
	return cmd
}

func runAdd(ctx context.Context, env Env, o addOptions) error {
	given, references, err := o.given.parse(env)
	if err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	return edited(ctx, env, o.changeOptions, func(p *pipeline.Project, edit *pipeline.Edit) error {
		for _, arg := range o.packages {
			name, versions, _ := strings.Cut(arg, "@")
			want := pipeline.Want{
				Package: name, Version: versions, As: o.as, Namespace: o.namespace, Registry: o.registry, Cluster: o.cluster,
				Mode: o.given.mode, Given: given, ValuesFrom: references,
			}
			if err := p.Add(ctx, edit, want); err != nil {
				return err
			}
		}
		return nil
	})
}

// check looks at what becomes part of gkops.yaml, so that a fault is told of what a person typed.
func (o addOptions) check() error {
	for _, arg := range o.packages {
		if _, err := checkedRange(arg); err != nil {
			return err
		}
	}
	for _, name := range []struct{ flag, value string }{{"--as", o.as}, {"--namespace", o.namespace}} {
		if err := catalog.CheckPackageName(name.value); err != nil && name.value != "" {
			return &argumentError{fmt.Sprintf("%s %q", name.flag, name.value), err, ""}
		}
	}
	return nil
}

// checkedRange is the RANGE of an argument PKG[@RANGE]. The error is an *argumentError.
func checkedRange(arg string) (string, error) {
	_, versions, ranged := strings.Cut(arg, "@")
	if ranged && strings.TrimSpace(versions) == "" {
		return "", &argumentError{fmt.Sprintf("%q", arg), errors.New("it names no range after the @"), rangeHint}
	}
	if _, err := catalog.ParseRange(versions); err != nil {
		return "", &argumentError{fmt.Sprintf("%q", arg), err, rangeHint}
	}
	return versions, nil
}

const rangeHint = `ranges look like ">=1.17 <2", "~1.3.0" or v1.17.0+2`

// argumentError says that something that was typed cannot be what it is to be.
type argumentError struct {
	what string // as it was typed
	err  error
	hint string
}

// Error names what was typed, and why it cannot be.
func (e *argumentError) Error() string { return e.what + ": " + e.err.Error() }

// Unwrap is the reason.
func (e *argumentError) Unwrap() error { return e.err }

// Hint says how it is written.
func (e *argumentError) Hint() string { return e.hint }

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
