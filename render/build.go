package render

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"gkops.dev/gkops/compat/document"
	"gkops.dev/gkops/compat/finding"
	"gkops.dev/gkops/render/values"
	"gkops.dev/gkops/resolver/catalog"
)

// build is one instance on its way into the tree.
type build struct {
	Instance
	objects  []*object
	findings []finding.Finding
	provides []CRD
	charts   []*chartBuild
	engine   string
	released []CRD // kinds that the charts of an instance in mode release define
}

// say adds a finding about an object.
func (b *build) say(o *object, rule string, severity finding.Severity, format string, args ...any) {
	b.findings = append(b.findings, finding.Finding{
		Rule: rule, Severity: severity, Message: fmt.Sprintf(format, args...),
		File: o.place.File, Line: o.place.Line, Object: o.id,
	})
}

// builder turns instances into objects.
type builder struct {
	scopes scopes

	// kustomizing lets one kustomize build run at a time: kustomize keeps state in package variables.
	kustomizing sync.Mutex
}

// each runs a step for every instance in parallel. All instances are tried; of the errors the one of the first instance is
// returned, so that the answer does not depend on who was faster.
func each(ctx context.Context, builds []*build, step func(*build) error) error {
	errs := make([]error, len(builds))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, b := range builds {
		group.Go(func() error {
			if errs[i] = ctx.Err(); errs[i] == nil {
				errs[i] = step(b)
			}
			return nil
		})
	}
	group.Wait() //nolint:errcheck // the steps' errors are in errs
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// load reads the objects of an instance, and its charts.
func (r *builder) load(b *build) error {
	for i, file := range b.Files {
		docs, err := document.Parse(fileName(file), file.Data)
		if err != nil {
			return fmt.Errorf("instance %s: %w", b.Name, err)
		}
		if err := b.take(docs, fillOf(b.Manifest, i)); err != nil {
			return err
		}
	}
	if b.Folder != nil {
		if err := r.loadFolder(b); err != nil {
			return err
		}
	}
	return b.loadCharts()
}

// complete applies what the package itself asks for to all objects, those of charts among them.
func (r *builder) complete(b *build) error {
	if err := b.configure(); err != nil {
		return err
	}
	var err error
	b.provides, err = b.crds()
	b.provides = append(b.provides, b.released...)
	return err
}

// take makes objects of documents.
func (b *build) take(docs []document.Document, fill string) error {
	for i := range docs {
		if err := docs[i].CheckObject(); err != nil {
			return fmt.Errorf("instance %s: %w", b.Name, err)
		}
		if reason := refusedName(docs[i].Object()); reason != "" {
			return &ObjectError{Instance: b.Name, Object: docs[i].Object(), Place: Place{File: docs[i].File, Line: docs[i].Line}, Reason: reason}
		}
		b.objects = append(b.objects, newObject(docs[i], fill))
	}
	return nil
}

// configure applies transformations and values, in this order.
func (b *build) configure() error {
	if b.Manifest == nil {
		return nil
	}
	if err := values.Check(b.Manifest.ValueDefinitions, b.Values); err != nil {
		return fmt.Errorf("instance %s: %w", b.Name, err)
	}
	if err := b.transform(); err != nil {
		return err
	}
	return b.setValues()
}

// fileName is how errors and findings call a file.
func fileName(f catalog.File) string {
	if f.Name != "" {
		return f.Name
	}
	return f.URL
}

// fillOf is the default namespace that the manifest gives to its i-th file.
func fillOf(m *catalog.Manifest, i int) string {
	if m == nil || i >= len(m.Manifests) {
		return ""
	}
	return m.Manifests[i].DefaultNamespace
}
