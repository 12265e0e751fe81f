package helm

import (
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"

	"gkops.dev/gkops/compat/document"
)

// Release is an installation of a chart, and the cluster that it is for.
type Release struct {
	Name, Namespace string
	Values          map[string]any    // over the chart's own
	Kubernetes      string            // version of the cluster, "1.33"
	APIs            []string          // what the cluster serves: "apps/v1" and "apps/v1/Deployment"
	Made            map[string]string // what earlier renders made up, see Output.Made
	Now             time.Time         // for charts that ask for the time, and have not been answered before
}

// Output is what a chart gives.
type Output struct {
	Documents []document.Document // CRDs of crds/ first, then by template; hooks are among them
	Made      map[string]string   // what the chart made up and the documents depend on; nil for none
	Unsteady  []Unsteady          // what would differ from render to render without Made; known only when something was made up anew
	Repaired  []string            // templates whose YAML says a key twice, of which the last counts
}

// notes is what a chart tells people, and no manifest.
const notes = "NOTES.txt"

// Render gives the documents of a release. The same input gives the same output, except for what the chart makes up and Made does not
// hold. The error is a *ChartError, a *ValuesError or a *document.SyntaxError.
func (c *Chart) Render(ctx context.Context, r Release) (*Output, error) {
	t := newTape(r.Made, r.Now, newBudget(ctx))
	out, err := c.render(ctx, r, t)
	if err != nil || len(t.used) == 0 {
		return out, err
	}
	if t.fresh == 0 {
		out.Made = t.used
		return out, nil
	}
	// A second time, with everything made up anew and on another day, shows what depends on it.
	second, err := c.render(ctx, r, newTape(nil, r.Now.AddDate(1, 1, 1).Add(time.Hour+time.Minute+time.Second), newBudget(ctx)))
	if err != nil {
		return nil, err
	}
	if out.Unsteady, err = unsteady(out.Documents, second.Documents); err != nil {
		return nil, err
	}
	if len(out.Unsteady) > 0 {
		out.Made = t.used
	}
	return out, nil
}

// render runs the templates once.
func (c *Chart) render(ctx context.Context, r Release, t *tape) (*Output, error) {
	made, values, err := c.prepare(r)
	if err != nil {
		return nil, err
	}
	announce(made, "")
	e := engine.Engine{CustomTemplateFuncs: t.functions()}
	files, err := e.RenderWithContext(ctx, made, values)
	if t.limit.err != nil {
		return nil, &ChartError{Chart: c.name, Reason: "its templates fail", Err: t.limit.err}
	}
	if err != nil {
		return nil, &ChartError{Chart: c.name, Reason: "its templates fail", Err: unmetered(err)}
	}
	out := &Output{}
	for _, crd := range definitions(made) {
		if err := out.add(crd.Name, string(crd.Data)); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Base(name) == notes || strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		if err := out.add(name, files[name]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// prepare gives a copy of the chart with the subcharts that the values switch on, and the values as templates see them.
func (c *Chart) prepare(r Release) (*chart.Chart, common.Values, error) {
	made := clone(c.main)
	if made.Metadata.Type == "library" {
		return nil, nil, &ChartError{Chart: c.name, Reason: "it is a library for other charts and installs nothing"}
	}
	capabilities, err := capabilitiesOf(r)
	if err != nil {
		return nil, nil, &ChartError{Chart: c.name, Reason: "the version of Kubernetes cannot be read", Err: err}
	}
	if want := made.Metadata.KubeVersion; want != "" && !chartutil.IsCompatibleRange(want, capabilities.KubeVersion.String()) {
		return nil, nil, &ChartError{Chart: c.name, Reason: fmt.Sprintf("it demands Kubernetes %s, and the cluster has %s", want, r.Kubernetes)}
	}
	given := deepCopy(r.Values)
	if given == nil {
		given = map[string]any{}
	}
	if err := chartutil.ProcessDependencies(made, given); err != nil {
		return nil, nil, &ChartError{Chart: c.name, Reason: "its dependencies cannot be put together", Err: err}
	}
	options := common.ReleaseOptions{Name: r.Name, Namespace: r.Namespace, Revision: 1, IsInstall: true}
	values, err := util.ToRenderValuesWithSchemaValidation(made, given, options, capabilities, true)
	if err != nil {
		return nil, nil, &ChartError{Chart: c.name, Reason: "its values cannot be put together", Err: err}
	}
	if all, ok := values["Values"].(common.Values); ok {
		return made, values, c.validate(made, all)
	}
	return made, values, nil
}

func capabilitiesOf(r Release) (*common.Capabilities, error) {
	version, err := common.ParseKubeVersion("v" + strings.TrimPrefix(r.Kubernetes, "v") + ".0")
	if err != nil {
		return nil, err
	}
	c := common.DefaultCapabilities.Copy()
	c.KubeVersion, c.APIVersions = *version, slices.Clone(r.APIs)
	return c, nil
}

// separator is where Helm splits the output of a template, which is more than YAML allows.
var separator = regexp.MustCompile(`(?m)^---[ \t]*`)

// add takes the documents of one template's output.
func (o *Output) add(name, text string) error {
	text = strings.TrimLeft(text, " \t\r\n\v\f\u0085\u00a0")
	line := 1
	for _, part := range split(text) {
		if strings.TrimSpace(part.text) == "" {
			continue
		}
		documents, err := document.Parse(name, []byte(part.text))
		if err != nil {
			repaired, ok := repair(name, part.text)
			if !ok {
				return err
			}
			documents = repaired
			o.Repaired = append(o.Repaired, name)
		}
		for i := range documents {
			documents[i].Line += line - 1 + part.line
		}
		o.Documents = append(o.Documents, documents...)
	}
	o.Repaired = slices.Compact(o.Repaired)
	return nil
}

// piece is one document of a template's output, and the number of lines before it.
type piece struct {
	text string
	line int
}

func split(text string) []piece {
	var pieces []piece
	at := 0
	for _, where := range append(separator.FindAllStringIndex(text, -1), []int{len(text), len(text)}) {
		pieces = append(pieces, piece{strings.TrimLeft(text[at:where[0]], "\n"), strings.Count(text[:at], "\n")})
		at = where[1]
	}
	return pieces
}

func deepCopy(values map[string]any) map[string]any {
	if values == nil {
		return nil
	}
	made := make(map[string]any, len(values))
	for key, value := range values {
		made[key] = copyValue(value)
	}
	return made
}

func copyValue(value any) any {
	switch value := value.(type) {
	case map[string]any:
		return deepCopy(value)
	case []any:
		list := make([]any, len(value))
		for i := range value {
			list[i] = copyValue(value[i])
		}
		return list
	}
	return value
}
