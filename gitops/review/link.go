package review

import (
	"context"
	"fmt"
	"io/fs"
	"path"
)

// link is an entry of a tree that is neither a file nor a folder: a symbolic link, with where it leads, or another repository, with
// what names its commit.
type link struct {
	target    string
	submodule bool
}

func linkOf(tree fs.FS, name string, entry fs.DirEntry) link {
	if entry.Type()&fs.ModeSymlink != 0 {
		if target, err := fs.ReadLink(tree, name); err == nil {
			return link{target: target}
		}
	}
	return link{target: fmt.Sprint(contentID(entry)), submodule: entry.Type()&fs.ModeIrregular != 0}
}

// links calls those to attention that are not the same on both sides: what they bring is not compared. A submodule in a work tree is a
// folder, whose commit nobody asks for here.
func (r *Report) links(ctx context.Context, _ []parsedPair, trees *input) error {
	seen := map[string]bool{}
	for _, side := range []names{trees.base, trees.head} {
		for _, name := range side.sorted() {
			before, was := trees.base[name].(link)
			after, is := trees.head[name].(link)
			if seen[name] || !was && !is || was && is && before == after {
				continue
			}
			seen[name] = true
			if was && before.submodule && !is && trees.headFolders[name] || is && after.submodule && !was && trees.baseFolders[name] {
				continue
			}
			change := Changed
			switch {
			case !was && !trees.base.file(name):
				change = Added
			case !is && !trees.head.file(name):
				change = Removed
			}
			r.Files = append(r.Files, FileChange{Change: change, File: name})
			r.Attention = append(r.Attention, Attention{Rule: ruleNotReviewed, Risk: Medium, File: name, Message: linkMessage(name, before, after, was, is)})
			r.patch.leftOut++
		}
	}
	return ctx.Err()
}

func linkMessage(name string, before, after link, was, is bool) string {
	switch {
	case before.submodule || after.submodule:
		return "the submodule " + path.Base(name) + " is of another commit, comes or goes: what is in it is not compared"
	case !is:
		return "the link to " + before.target + " goes: what it brought is not compared"
	case !was:
		return "a link to " + after.target + " comes: what it brings is not compared"
	}
	return "the link leads to " + after.target + ", before to " + before.target + ": what it brings is not compared"
}
