package helm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
)

// The bounds of an archive, with every archive in it. Helm has the bytes of all files too.
const (
	maxUnpacked = 100 << 20 // bytes of all files together
	maxFile     = 16 << 20  // bytes of one file
	maxEntries  = 20_000
	maxNested   = 8 // archives in archives
)

// ArchiveError says why an archive is refused.
type ArchiveError struct {
	Chart string // as its source names it
	Entry string // of the archive; empty when it is about the whole
	Err   error
}

// Error names the archive and the entry.
func (e *ArchiveError) Error() string {
	if e.Entry == "" {
		return fmt.Sprintf("chart %s: %v", e.Chart, e.Err)
	}
	return fmt.Sprintf("chart %s: entry %.200q: %v", e.Chart, e.Entry, e.Err)
}

// Unwrap is the reason.
func (e *ArchiveError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *ArchiveError) Hint() string {
	return "the archive is damaged or hostile: ask who publishes the chart; nothing of it was used"
}

// Reasons to refuse an archive.
var (
	ErrTooLarge  = errors.New("it unpacks to more than is allowed")
	ErrOutside   = errors.New("it leads out of the chart")
	ErrIrregular = errors.New("it is no regular file")
	ErrTwice     = errors.New("it is there twice")
	ErrNoChart   = errors.New("it holds no Chart.yaml")
)

// unpacker reads an archive and the archives of subcharts in it within one budget.
type unpacker struct {
	bytes, entries int
}

// unpack gives the files of a chart by their path in it. Archives of subcharts are replaced by their files. The error is an
// *ArchiveError.
func unpack(name string, data []byte) ([]*archive.BufferedFile, error) {
	u := &unpacker{bytes: maxUnpacked, entries: maxEntries}
	files, err := u.read(data, 0)
	if err == nil {
		return files, nil
	}
	var entry *entryError
	if errors.As(err, &entry) {
		return nil, &ArchiveError{Chart: name, Entry: entry.name, Err: entry.err}
	}
	return nil, &ArchiveError{Chart: name, Err: err}
}

// entryError is about one entry.
type entryError struct {
	name string
	err  error
}

func (e *entryError) Error() string { return fmt.Sprintf("entry %.200q: %v", e.name, e.err) }

func (e *entryError) Unwrap() error { return e.err }

func (u *unpacker) read(data []byte, depth int) ([]*archive.BufferedFile, error) {
	if depth > maxNested {
		return nil, fmt.Errorf("more than %d archives lie in each other", maxNested)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("it is no gzip archive: %w", err)
	}
	// Headers and padding count too, so that an archive of nothing but entries ends.
	tape := tar.NewReader(&limited{unzipped, u.bytes + 1024*u.entries + 1<<20})
	var files []*archive.BufferedFile
	seen := map[string]bool{}
	for {
		header, err := tape.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the archive: %w", err)
		}
		if u.entries--; u.entries < 0 {
			return nil, fmt.Errorf("%w: more than %d entries", ErrTooLarge, maxEntries)
		}
		name, err := entryName(header)
		if err != nil {
			return nil, &entryError{header.Name, err}
		}
		if name == "" {
			continue
		}
		if seen[name] {
			return nil, &entryError{header.Name, ErrTwice}
		}
		seen[name] = true
		body, err := u.body(header, tape)
		if err != nil {
			return nil, &entryError{header.Name, err}
		}
		files = append(files, &archive.BufferedFile{Name: name, Data: body})
	}
	if !seen["Chart.yaml"] {
		return nil, ErrNoChart
	}
	return u.flatten(files, depth)
}

// body reads one file within the budget.
func (u *unpacker) body(header *tar.Header, tape io.Reader) ([]byte, error) {
	if header.Size > maxFile || header.Size > int64(u.bytes) {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, header.Size)
	}
	body, err := io.ReadAll(io.LimitReader(tape, int64(min(maxFile, u.bytes))+1))
	if err != nil {
		return nil, err
	}
	if u.bytes -= len(body); u.bytes < 0 {
		return nil, ErrTooLarge
	}
	return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), nil
}

// entryName is the path of a file in the chart: without the chart's folder, which every entry starts with. It is empty for what is no
// file, and an error for what leads elsewhere.
func entryName(header *tar.Header) (string, error) {
	switch header.Typeflag {
	case tar.TypeXGlobalHeader, tar.TypeXHeader, tar.TypeGNULongName, tar.TypeGNULongLink:
		return "", nil
	case tar.TypeReg, tar.TypeDir:
	default:
		return "", fmt.Errorf("%w: type %q", ErrIrregular, header.Typeflag)
	}
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return "", fmt.Errorf("%w: a sparse file", ErrIrregular)
		}
	}
	full := strings.ReplaceAll(header.Name, `\`, "/")
	if strings.HasPrefix(full, "/") || strings.ContainsRune(full, 0) || strings.Contains(full, ":/") {
		return "", ErrOutside
	}
	for segment := range strings.SplitSeq(full, "/") {
		if segment == ".." {
			return "", ErrOutside
		}
	}
	_, name, _ := strings.Cut(strings.TrimPrefix(path.Clean(full), "./"), "/")
	if header.Typeflag == tar.TypeDir {
		return "", nil
	}
	if name == "" {
		return "", fmt.Errorf("%w: it is not in the chart's folder", ErrOutside)
	}
	return name, nil
}

// flatten replaces the archives of subcharts, charts/x.tgz, by their files.
func (u *unpacker) flatten(files []*archive.BufferedFile, depth int) ([]*archive.BufferedFile, error) {
	var flat []*archive.BufferedFile
	for _, file := range files {
		folder, base := path.Split(file.Name)
		if !holdsCharts(folder) || path.Ext(base) != ".tgz" || strings.IndexAny(base, "_.") == 0 {
			flat = append(flat, file)
			continue
		}
		inner, err := u.read(file.Data, depth+1)
		if err != nil {
			return nil, &entryError{file.Name, err}
		}
		for _, f := range inner {
			// The folder's name means nothing: a subchart is called as its Chart.yaml says.
			flat = append(flat, &archive.BufferedFile{Name: folder + strings.TrimSuffix(base, ".tgz") + "-packed/" + f.Name, Data: f.Data})
		}
	}
	return flat, nil
}

// holdsCharts reports whether a folder of a chart is where subcharts lie: "charts/", or that of a subchart, "charts/x/charts/".
func holdsCharts(folder string) bool {
	segments := strings.Split(strings.TrimSuffix(folder, "/"), "/")
	for i, segment := range segments {
		if i%2 == 0 && segment != "charts" {
			return false
		}
	}
	return len(segments)%2 == 1
}

// limited is a reader that fails after so many bytes.
type limited struct {
	from io.Reader
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := l.from.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
