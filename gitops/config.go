package gitops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// setting is one line of Git's settings. The key is "section.name" or "section.Subsection.name"; section and name are in lower case.
type setting struct{ key, value string }

// config are settings in the order in which they were read; a later one wins.
type config []setting

func (c config) value(key string) string {
	for n := len(c) - 1; n >= 0; n-- {
		if c[n].key == key {
			return c[n].value
		}
	}
	return ""
}

// flag reads a boolean as Git does; anything else is false.
func (c config) flag(key string) bool {
	switch strings.ToLower(c.value(key)) {
	case "true", "yes", "on", "1":
		return true
	}
	return false
}

// off reports whether a boolean is set to false.
func (c config) off(key string) bool {
	switch strings.ToLower(c.value(key)) {
	case "false", "no", "off", "0":
		return true
	}
	return false
}

// readLocal reads the repository's own settings.
func readLocal(dir, common string) (config, error) {
	reader := configReader{dir: dir}
	if err := reader.file(filepath.Join(common, "config")); err != nil {
		return nil, err
	}
	if reader.read.flag("extensions.worktreeconfig") {
		if err := reader.file(filepath.Join(dir, "config.worktree")); err != nil {
			return nil, err
		}
	}
	return reader.read, nil
}

// settings are all settings that Git would use here: of the system, the user, the repository and the environment.
func (r *Repository) settings(getenv func(string) string) (config, error) {
	reader := configReader{dir: r.dir, home: getenv("HOME")}
	var files []string
	if getenv("GIT_CONFIG_NOSYSTEM") == "" {
		files = append(files, orElse(getenv("GIT_CONFIG_SYSTEM"), "/etc/gitconfig"))
	}
	if global := getenv("GIT_CONFIG_GLOBAL"); global != "" {
		files = append(files, global)
	} else if home := getenv("HOME"); home != "" {
		files = append(files, filepath.Join(orElse(getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config")), "git", "config"))
		files = append(files, filepath.Join(home, ".gitconfig"))
	}
	reader.branch, _ = r.Branch()
	for _, file := range files {
		if err := reader.file(file); err != nil {
			return nil, err
		}
	}
	own := configReader{dir: r.dir, home: reader.home, branch: reader.branch}
	if err := own.file(filepath.Join(r.common, "config")); err != nil {
		return nil, err
	}
	if own.read.flag("extensions.worktreeconfig") {
		if err := own.file(filepath.Join(r.dir, "config.worktree")); err != nil {
			return nil, err
		}
	}
	return append(append(reader.read, own.read...), environment(getenv)...), nil
}

func orElse(value, other string) string {
	if value != "" {
		return value
	}
	return other
}

// environment are the settings of GIT_CONFIG_COUNT.
func environment(getenv func(string) string) config {
	count, _ := strconv.Atoi(getenv("GIT_CONFIG_COUNT"))
	var read config
	for n := range min(count, 1000) {
		key := getenv("GIT_CONFIG_KEY_" + strconv.Itoa(n))
		section, name, found := cutLast(key)
		if !found {
			continue
		}
		first, rest, sub := strings.Cut(section, ".")
		key = strings.ToLower(first) + "." + strings.ToLower(name)
		if sub {
			key = strings.ToLower(first) + "." + rest + "." + strings.ToLower(name)
		}
		read = append(read, setting{key, getenv("GIT_CONFIG_VALUE_" + strconv.Itoa(n))})
	}
	return read
}

func cutLast(key string) (section, name string, found bool) {
	dot := strings.LastIndexByte(key, '.')
	if dot < 0 {
		return "", "", false
	}
	return key[:dot], key[dot+1:], true
}

// configReader reads files of settings and what they include.
type configReader struct {
	dir, home, branch string
	depth             int
	read              config
}

// maxInclude is how deep files may include others, as in Git.
const maxInclude = 10

// file reads a file; one that is not there says nothing.
func (r *configReader) file(name string) error {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read git settings: %w", err)
	}
	p := configParser{text: string(data), line: 1}
	for p.next() {
		r.read = append(r.read, p.found)
		if err := r.include(name, p.found); err != nil {
			return err
		}
	}
	if p.fault != "" {
		return fmt.Errorf("read git settings: %s:%d: %s", name, p.line, p.fault)
	}
	return nil
}

func (r *configReader) include(from string, s setting) error {
	condition, conditional := strings.CutPrefix(s.key, "includeif.")
	condition, named := strings.CutSuffix(condition, ".path")
	if s.key != "include.path" && !(conditional && named && r.holds(condition, from)) {
		return nil
	}
	if r.depth == maxInclude {
		return fmt.Errorf("read git settings: %s includes too deep", from)
	}
	name := s.value
	if rest, home := strings.CutPrefix(name, "~/"); home {
		name = filepath.Join(r.home, rest)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(from), name)
	}
	r.depth++
	defer func() { r.depth-- }()
	return r.file(name)
}

// holds decides the condition of an includeIf: gitdir and onbranch; others never hold.
func (r *configReader) holds(condition, from string) bool {
	kind, pattern, _ := strings.Cut(condition, ":")
	switch kind {
	case "gitdir", "gitdir/i":
		if rest, home := strings.CutPrefix(pattern, "~/"); home {
			pattern = filepath.Join(r.home, rest) + suffixSlash(rest)
		}
		if rest, beside := strings.CutPrefix(pattern, "./"); beside {
			pattern = filepath.Join(filepath.Dir(from), rest) + suffixSlash(rest)
		}
		if !filepath.IsAbs(pattern) {
			pattern = "**/" + pattern
		}
		return globbed(pattern, r.dir, kind == "gitdir/i")
	case "onbranch":
		return r.branch != "" && globbed(pattern, r.branch, false)
	}
	return false
}

func suffixSlash(s string) string {
	if strings.HasSuffix(s, "/") {
		return "/"
	}
	return ""
}
