package cli

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
	"sigs.k8s.io/yaml"
)

// chartCommands are what scripts have for charts: samples FOLDER packs every chart of render/helm/testdata into a chart repository of its own,
// FOLDER/<sample>; push starts an OCI registry, sets OCI to its address, and puts archives there, each as PREFIX/<name>:<version>.
func chartCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"samples": func(ts *testscript.TestScript, _ bool, args []string) {
			found, err := filepath.Glob(filepath.Join(ts.Getenv("EXAMPLES"), "../render/helm/testdata/charts/*.txtar"))
			ts.Check(err)
			for _, file := range found {
				folder := ts.MkAbs(filepath.Join(args[0], strings.TrimSuffix(filepath.Base(file), ".txtar")))
				ts.Check(packSample(file, folder))
			}
		},
		"push": func(ts *testscript.TestScript, _ bool, args []string) {
			if ts.Getenv("OCI") == "" {
				server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
				ts.Defer(server.Close)
				ts.Setenv("OCI", "oci://"+strings.TrimPrefix(server.URL, "http://"))
			}
			for _, archive := range args[1:] {
				data, err := os.ReadFile(ts.MkAbs(archive))
				ts.Check(err)
				ts.Check(pushChart(strings.TrimPrefix(ts.Getenv("OCI"), "oci://")+"/"+args[0], data))
			}
		},
	}
}

// packSample makes a chart repository of one chart.
func packSample(file, folder string) error {
	sample, err := txtar.ParseFile(file)
	if err != nil {
		return err
	}
	plain, nested := map[string][]byte{}, map[string]map[string][]byte{}
	for _, f := range sample.Files {
		if archive, name, packed := strings.Cut(f.Name, ".tgz/"); packed {
			if nested[archive] == nil {
				nested[archive] = map[string][]byte{}
			}
			nested[archive][name] = f.Data
			continue
		}
		plain[f.Name] = f.Data
	}
	for name, files := range nested {
		if plain[name+".tgz"], err = packChart(files); err != nil {
			return err
		}
	}
	values := plain["test/values.yaml"]
	archive, err := packChart(plain)
	if err != nil {
		return err
	}
	metadata, err := chartOf(archive)
	if err != nil {
		return err
	}
	metadata["urls"] = []string{"web.tgz"}
	index, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "entries": map[string]any{"web": []any{metadata}}})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	for name, data := range map[string][]byte{"web.tgz": archive, "index.yaml": index, "values.yaml": values} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func packChart(files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	tape := tar.NewWriter(zipped)
	for name, data := range files {
		if strings.HasPrefix(name, "test/") {
			continue
		}
		if err := tape.WriteHeader(&tar.Header{Name: "web/" + name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(data))}); err != nil {
			return nil, err
		}
		if _, err := tape.Write(data); err != nil {
			return nil, err
		}
	}
	err := errors.Join(tape.Close(), zipped.Close())
	return out.Bytes(), err
}

// chartOf is what Chart.yaml says.
func chartOf(archive []byte) (map[string]any, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	tape := tar.NewReader(unzipped)
	for {
		header, err := tape.Next()
		if err != nil {
			return nil, err
		}
		if _, name, _ := strings.Cut(header.Name, "/"); name != "Chart.yaml" {
			continue
		}
		data, err := io.ReadAll(tape)
		if err != nil {
			return nil, err
		}
		var metadata map[string]any
		return metadata, yaml.Unmarshal(data, &metadata)
	}
}

// pushChart does what 'helm push' does.
func pushChart(prefix string, archive []byte) error {
	metadata, err := chartOf(archive)
	if err != nil {
		return err
	}
	config, err := json.Marshal(metadata)
	if err != nil {
		return err
	}
	r, err := remote.NewRepository(prefix + "/" + metadata["name"].(string))
	if err != nil {
		return err
	}
	r.PlainHTTP = true
	ctx := context.Background()
	put := func(mediaType string, data []byte) (ocispec.Descriptor, error) {
		d := content.NewDescriptorFromBytes(mediaType, data)
		return d, r.Push(ctx, d, bytes.NewReader(data))
	}
	manifest := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest}
	if manifest.Config, err = put("application/vnd.cncf.helm.config.v1+json", config); err != nil {
		return err
	}
	layer, err := put("application/vnd.cncf.helm.chart.content.v1.tar+gzip", archive)
	if err != nil {
		return err
	}
	manifest.Layers = []ocispec.Descriptor{layer}
	data, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	d, err := put(ocispec.MediaTypeImageManifest, data)
	if err != nil {
		return err
	}
	return r.Tag(ctx, d, strings.ReplaceAll(metadata["version"].(string), "+", "_"))
}
