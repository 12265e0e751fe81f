package helm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/ignore"
	sigsyaml "sigs.k8s.io/yaml"

	"gkops.dev/gkops/resolver/catalog"
)

// Alone shows one chart as a chart repository, whose index has that chart alone in that version: a folder with a Chart.yaml, or an archive.
type Alone struct {
	base   string // of the repository, with a final slash
	source catalog.Source
	folder bool // it is one, which may have an index of its own
	pack   func(context.Context) ([]byte, error)
}

// archiveName is what the index calls the archive.
const archiveName = "chart.tgz"

// maxMetadata bounds the Chart.yaml of an archive.
const maxMetadata = 1 << 20

// AloneArchive is the repository of one archive, which read gives. base is the address of the archive, and source reads what lies elsewhere.
func AloneArchive(base string, source catalog.Source, read func(context.Context) ([]byte, error)) *Alone {
	return &Alone{base: strings.TrimRight(base, "/") + "/", source: source, pack: read}
}

// AloneFolder is the repository of a folder that has an index.yaml, or else a chart. files is the folder, opened anew for each reading.
func AloneFolder(base string, source catalog.Source, files func() (fs.FS, io.Closer, error)) *Alone {
	a := &Alone{base: strings.TrimRight(base, "/") + "/", source: source, folder: true}
	a.pack = func(ctx context.Context) ([]byte, error) {
		tree, closer, err := files()
		if err != nil {
			return nil, err
		}
		defer closer.Close()
		return packFolder(ctx, tree)
	}
	return a
}

// Read gives the index, the archive, or what the folder has.
func (a *Alone) Read(ctx context.Context, address string) ([]byte, error) {
	name, inside := strings.CutPrefix(address, a.base)
	if !inside {
		return a.source.Read(ctx, address)
	}
	mine := name == "index.yaml" || name == archiveName
	if a.folder {
		data, err := a.source.Read(ctx, address)
		if err == nil || !mine || !errors.Is(err, catalog.ErrNotFound) {
			return data, err
		}
		if _, missing := a.source.Read(ctx, a.base+"Chart.yaml"); missing != nil {
			return nil, err
		}
	}
	if !mine {
		return nil, fmt.Errorf("%s: %w", catalog.Redact(address), catalog.ErrNotFound)
	}
	archive, err := a.pack(ctx)
	if err != nil || name == archiveName {
		return archive, err
	}
	return a.index(archive)
}

// index is an index.yaml with the archive alone.
func (a *Alone) index(archive []byte) ([]byte, error) {
	data, err := metadataOf(archive)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.TrimSuffix(a.base, "/"), err)
	}
	var chart map[string]any
	if err := sigsyaml.Unmarshal(data, &chart); err != nil {
		return nil, fmt.Errorf("%sChart.yaml is no YAML: %w", a.base, err)
	}
	name, _ := chart["name"].(string)
	sum := sha256.Sum256(archive)
	chart["urls"], chart["digest"] = []string{archiveName}, hex.EncodeToString(sum[:])
	return sigsyaml.Marshal(map[string]any{"apiVersion": "v1", "entries": map[string]any{name: []any{chart}}})
}

// metadataOf is the Chart.yaml of an archive. What else is wrong with it, is found when it is rendered.
func metadataOf(archive []byte) ([]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, fmt.Errorf("it is no archive of a chart: %w", err)
	}
	tape := tar.NewReader(io.LimitReader(unzipped, catalog.MaxFileSize))
	for {
		header, err := tape.Next()
		if err != nil {
			return nil, fmt.Errorf("it is no archive of a chart, no Chart.yaml is in it: %w", err)
		}
		if _, name, _ := strings.Cut(path.Clean(header.Name), "/"); name != "Chart.yaml" || header.Typeflag != tar.TypeReg {
			continue
		}
		return io.ReadAll(io.LimitReader(tape, maxMetadata))
	}
}

// packFolder packs a chart as 'helm package' does, without what .helmignore names. The same files give the same bytes: nothing is compressed, and
// there are no times. Links are refused.
func packFolder(ctx context.Context, tree fs.FS) ([]byte, error) {
	files, err := filesOf(ctx, tree)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
	if err != nil {
		return nil, err
	}
	tape := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := tar.Header{Name: "chart/" + name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[name])), Format: tar.FormatPAX}
		if err := tape.WriteHeader(&header); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
		if _, err := tape.Write(files[name]); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	err = errors.Join(tape.Close(), zipped.Close())
	return out.Bytes(), err
}

// filesOf are the files of a chart's folder by path.
func filesOf(ctx context.Context, tree fs.FS) (map[string][]byte, error) {
	rules := ignore.Empty()
	if data, err := fs.ReadFile(tree, ignore.HelmIgnore); err == nil {
		if rules, err = ignore.Parse(bytes.NewReader(data)); err != nil {
			return nil, fmt.Errorf("%s: %w", ignore.HelmIgnore, err)
		}
	}
	rules.AddDefaults()
	files, left := map[string][]byte{}, catalog.MaxFileSize
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		switch {
		case name == ".":
			return nil
		case rules.Ignore(name, info):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is no regular file: a chart may not have links", name)
		}
		if left -= int(min(info.Size(), int64(catalog.MaxFileSize)+1)); left < 0 {
			return fmt.Errorf("the chart has more than %d MiB", catalog.MaxFileSize>>20)
		}
		files[name], err = fs.ReadFile(tree, name)
		return err
	})
	return files, err
}
