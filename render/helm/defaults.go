package helm

import (
	"bytes"
	"fmt"
	"path"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"

	"gkops.dev/gkops/compat/document"
)

// valuesFile is where a chart has its default values.
const valuesFile = "values.yaml"

// loadFiles is Helm's loader, but for the default values of the chart and its subcharts, which it would read in most of its time: it is given a
// comment in the place of each, by which the values are found again.
func loadFiles(files []*archive.BufferedFile) (*chart.Chart, error) {
	given := make([]*archive.BufferedFile, 0, len(files))
	texts := map[string][]byte{}
	for i, f := range files {
		data := f.Data
		if folder, base := path.Split(f.Name); base == valuesFile && holdsChart(folder) {
			data = fmt.Appendf(nil, "# %d\n", i)
			texts[string(data)] = f.Data
		}
		given = append(given, &archive.BufferedFile{Name: f.Name, Data: data})
	}
	made, err := loader.LoadFiles(given)
	if err != nil {
		return nil, err
	}
	return made, fillValues(made, texts)
}

// holdsChart reports whether a folder of a chart is that of the chart itself, or of a subchart, "charts/x/".
func holdsChart(folder string) bool {
	return folder == "" || holdsCharts(path.Dir(path.Clean(folder))+"/")
}

// fillValues reads the values whose texts were taken out.
func fillValues(c *chart.Chart, texts map[string][]byte) error {
	for _, f := range c.Raw {
		if f.Name != valuesFile {
			continue
		}
		f.Data = texts[string(f.Data)]
		values, err := loadValues(f.Data)
		if err != nil {
			return fmt.Errorf("cannot load values.yaml: %w", err)
		}
		c.Values = values
	}
	for _, dependency := range c.Dependencies() {
		if err := fillValues(dependency, texts); err != nil {
			return err
		}
	}
	return nil
}

// loadValues gives what Helm's reader gives, several times faster where the text is one plain document.
func loadValues(text []byte) (map[string]any, error) {
	if values, ok := quickValues(text); ok {
		return values, nil
	}
	return loader.LoadValues(bytes.NewReader(text))
}

// quickValues reads a text that cannot be read in two ways. It is false for any other: several documents, directives, JSON, ends of lines of
// Windows, and whatever package document refuses.
func quickValues(text []byte) (map[string]any, bool) {
	text = bytes.TrimPrefix(text, []byte("---\n"))
	framed := append([]byte("\n"), text...)
	for _, doubt := range []string{"\r", "\n---", "\n...", "\n%"} {
		if bytes.Contains(framed, []byte(doubt)) {
			return nil, false
		}
	}
	if trimmed := bytes.TrimLeft(text, " \t\n"); len(trimmed) == 0 || trimmed[0] == '{' || trimmed[0] == '[' {
		return nil, false
	}
	read, err := document.ParseOne(valuesFile, text)
	if err != nil {
		return nil, false
	}
	value, err := document.Value(read.Root())
	if err != nil {
		return nil, false
	}
	values, isMap := value.(map[string]any)
	floats(values)
	return values, isMap
}

// floats makes a float of every whole number below a value, as Helm's reader does by way of JSON.
func floats(value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, item := range value {
			if number, isWhole := item.(int64); isWhole {
				value[key] = float64(number)
				continue
			}
			floats(item)
		}
	case []any:
		for i, item := range value {
			if number, isWhole := item.(int64); isWhole {
				value[i] = float64(number)
				continue
			}
			floats(item)
		}
	}
}
