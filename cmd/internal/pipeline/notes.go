package pipeline

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"gkops.dev/gkops/gitops/lock"
	"gkops.dev/gkops/gitops/review"
)

// notes are the pages of the releases that an instance was made from, as its sources say, and what changed since those before.
func notes(before *lock.Lock, now lock.Instance) []review.Link {
	was := map[string]string{} // tags by repository
	if before != nil {
		if old := before.Instance(now.Name); old != nil {
			for _, s := range old.Sources {
				if r, ok := tagOf(s.URL); ok {
					was[r.repository] = r.tag
				}
			}
		}
	}
	var links []review.Link
	add := func(label, url string) {
		if link := (review.Link{Label: label, URL: url}); !slices.Contains(links, link) {
			links = append(links, link)
		}
	}
	for _, s := range now.Sources {
		r, ok := tagOf(s.URL)
		if !ok || r.tag == was[r.repository] {
			continue
		}
		if !commitID.MatchString(r.tag) {
			add(r.name()+" "+r.tag, r.page())
		}
		if old := was[r.repository]; old != "" {
			add("all since "+brief(old), r.since(old))
		}
	}
	return links
}

// commitID is a whole id of a commit, of which there is no page of a release.
var commitID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// brief is a tag, or a commit as people name it.
func brief(tag string) string {
	if commitID.MatchString(tag) {
		return tag[:10]
	}
	return tag
}

// tagAt is a tag of a repository whose forge is known by the shape of an address of one of its files.
type tagAt struct {
	repository string // its address
	tag        string
	inner      string // what GitLab puts between a repository and its pages, "/-"
}

// tagOf reads the address of a file of a release, or at a tag, on GitHub, GitLab, or Gitea and Forgejo such as Codeberg. A branch is no
// release; what has no digit is taken for one.
func tagOf(address string) (tagAt, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return tagAt{}, false
	}
	path := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	if u.Host == "raw.githubusercontent.com" && len(path) > 3 { // owner/name/tag/file or owner/name/refs/tags/tag/file
		rest := path[2:]
		if len(rest) > 3 && rest[0] == "refs" && rest[1] == "tags" {
			rest = rest[2:]
		}
		return tagged(tagAt{repository: "https://github.com/" + strings.Join(path[:2], "/"), tag: rest[0]})
	}
	if n := slices.Index(path, "-"); n > 1 && len(path) > n+2 {
		if !slices.Contains([]string{"raw", "releases", "archive"}, path[n+1]) {
			return tagAt{}, false
		}
		return tagged(tagAt{"https://" + u.Host + "/" + strings.Join(path[:n], "/"), path[n+2], "/-"})
	}
	if len(path) > 5 && (path[2] == "releases" && path[3] == "download" || path[2] == "raw" && path[3] == "tag") {
		return tagged(tagAt{repository: "https://" + u.Host + "/" + strings.Join(path[:2], "/"), tag: path[4]})
	}
	return tagAt{}, false
}

func tagged(r tagAt) (tagAt, bool) {
	return r, strings.ContainsAny(r.tag, "0123456789")
}

// name is the repository without its scheme, and without GitHub, where most are.
func (r tagAt) name() string {
	return strings.TrimPrefix(strings.TrimPrefix(r.repository, "https://"), "github.com/")
}

// page tells of the release.
func (r tagAt) page() string {
	if r.inner != "" {
		return r.repository + r.inner + "/releases/" + r.tag
	}
	return r.repository + "/releases/tag/" + r.tag
}

// since shows all that changed after an older tag.
func (r tagAt) since(old string) string {
	return r.repository + r.inner + "/compare/" + old + "..." + r.tag
}
