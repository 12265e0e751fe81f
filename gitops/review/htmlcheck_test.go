package review

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// checkPage holds what is true of every page: each element is closed, nothing is loaded, nothing runs but the one script, every id is
// there once and every link leads somewhere.
func checkPage(t *testing.T, name string, data []byte) {
	t.Helper()
	for _, fault := range faultsOf(t, data) {
		t.Errorf("page of %q: %s", name, fault)
	}
}

func faultsOf(t *testing.T, data []byte) []string {
	t.Helper()
	faults := unbalanced(data)
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if i := bytes.IndexFunc(data, func(r rune) bool { return r != '\n' && acts(r) }); i >= 0 {
		fault("a character that acts at byte %d: %q", i, data[i:min(len(data), i+8)])
	}
	ids, links := map[string]int{}, []string{}
	var policy, style, script []string
	for _, node := range elements(t, data) {
		switch node.Data {
		case "img", "iframe", "frame", "object", "embed", "link", "base", "audio", "video", "source", "image", "use", "foreignobject", "applet", "portal":
			fault("element %s", node.Data)
		case "style":
			style = append(style, node.FirstChild.Data)
		case "script":
			script = append(script, node.FirstChild.Data)
		case "meta":
			if attr(node, "http-equiv") != "" {
				policy = append(policy, attr(node, "content"))
			}
		}
		for _, a := range node.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), slices.Contains([]string{"src", "srcset", "srcdoc", "style", "action", "formaction", "ping", "background", "poster", "data", "manifest"}, a.Key):
				fault("attribute %s=%q", a.Key, a.Val)
			case a.Key == "id":
				ids[a.Val]++
			case a.Key == "href":
				links = append(links, a.Val)
			}
		}
	}
	for id, n := range ids {
		if n > 1 {
			fault("id %q %d times", id, n)
		}
	}
	for _, link := range links {
		address, err := url.Parse(link)
		switch {
		case err != nil:
			fault("link %q: %v", link, err)
		case strings.HasPrefix(link, "#"):
			if ids[address.Fragment] == 0 {
				fault("link %q leads nowhere", link)
			}
		case address.Scheme != "https" && address.Scheme != "http" || address.User != nil:
			fault("link %q", link)
		}
	}
	if len(policy) != 1 || len(style) != 1 || len(script) != 1 {
		fault("%d policies, %d styles, %d scripts", len(policy), len(style), len(script))
		return faults
	}
	want := "default-src 'none'; style-src " + hashed(style[0]) + "; script-src " + hashed(script[0]) + "; base-uri 'none'; form-action 'none'"
	if policy[0] != want {
		fault("policy %q, want %q", policy[0], want)
	}
	return faults
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// unbalanced finds elements that are not closed by their own tag.
func unbalanced(data []byte) []string {
	var open, faults []string
	tokens := html.NewTokenizer(bytes.NewReader(data))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			if tokens.Err() != io.EOF {
				faults = append(faults, tokens.Err().Error())
			}
			if len(open) > 0 {
				faults = append(faults, fmt.Sprintf("not closed: %q", open))
			}
			return faults
		case html.StartTagToken:
			name, _ := tokens.TagName()
			if !slices.Contains([]string{"meta", "input", "br"}, string(name)) {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := tokens.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				return append(faults, fmt.Sprintf("</%s> within %q", name, open))
			}
			open = open[:len(open)-1]
		case html.CommentToken:
			faults = append(faults, "a comment: "+tokens.Token().Data)
		}
	}
}

// elements are those of a page as a browser builds it.
func elements(t *testing.T, data []byte) []*html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var found []*html.Node
	for node := range root.Descendants() {
		if node.Type == html.ElementNode {
			found = append(found, node)
		}
	}
	return found
}

func attr(node *html.Node, key string) string {
	for _, a := range node.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// textOf is what a page says, without its script and style.
func textOf(t *testing.T, data []byte) string {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for node := range root.Descendants() {
		if node.Type == html.TextNode && node.Parent.Data != "script" && node.Parent.Data != "style" {
			text.WriteString(node.Data)
		}
	}
	return text.String()
}

// TestFaultsOfAPageAreFound shows that the checks above can fail.
func TestFaultsOfAPageAreFound(t *testing.T) {
	good := pageOf(t, full("text"))
	for _, bad := range []struct{ old, new, want string }{
		{"<main", "<img src=x><main", "element img"},
		{"<main", "<main onclick=x", "attribute onclick"},
		{"<main", `<main style="color:red"`, "attribute style"},
		{"</main>", "", "within"},
		{"</main>", "<p>", "within"},
		{`href="#objects"`, `href="#nowhere"`, "leads nowhere"},
		{`href="#objects"`, `href="javascript:x"`, "javascript"},
		{`id="objects"`, `id="attention"`, "2 times"},
		{"<script>", "<script>x", "policy"},
		{"</body>", "<script>x</script></body>", "2 scripts"},
		{"</h1>", "\u202e</h1>", "acts"},
		{"</h1>", "<!-- x --></h1>", "a comment"},
	} {
		data := bytes.Replace(good, []byte(bad.old), []byte(bad.new), 1)
		if found := strings.Join(faultsOf(t, data), "\n"); bytes.Equal(data, good) || !strings.Contains(found, bad.want) {
			t.Errorf("%s for %s: found %q, want %q", bad.new, bad.old, found, bad.want)
		}
	}
}

func textUnder(node *html.Node) string {
	var text strings.Builder
	for child := range node.Descendants() {
		if child.Type == html.TextNode {
			text.WriteString(child.Data)
		}
	}
	return text.String()
}
