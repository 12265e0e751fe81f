//go:build browser

package review

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"gkops.dev/gkops/golden"
)

// bigTrees are two trees that differ in more than 30,000 lines, of which one is dangerous.
func bigTrees() (base, head fs.FS) {
	before, after := map[string][]byte{}, map[string][]byte{}
	for i := range 100 {
		var old, new strings.Builder
		fmt.Fprintf(&old, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d, namespace: shop}\ndata:\n", i)
		new.WriteString(old.String())
		for k := range 160 {
			fmt.Fprintf(&old, "  key-%d: value of %d before\n", k, k)
			fmt.Fprintf(&new, "  key-%d: value of %d after\n", k, k)
		}
		file := fmt.Sprintf("gkops/prod/packages/p%d/core/c.yaml", i)
		before[file], after[file] = []byte(old.String()), []byte(new.String())
	}
	deployment := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  selector: {matchLabels: {a: b}}\n" +
		"  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n      - name: web\n        image: example.dev/web:v1\n"
	before["gkops/prod/packages/web/core/d.yaml"] = []byte(deployment)
	after["gkops/prod/packages/web/core/d.yaml"] = []byte(deployment + "        securityContext: {privileged: true}\n")
	return golden.Map(before), golden.Map(after)
}

func TestBrowserFindsTheDangerousLine(t *testing.T) {
	base, head := bigTrees()
	report := compare(t, base, head)
	lines := 0
	for _, o := range report.Objects {
		for _, h := range o.Hunks {
			lines += len(h.Lines())
		}
	}
	if lines < 30000 {
		t.Fatalf("only %d lines", lines)
	}
	file := pageFile(t, report)
	b := startBrowser(t)
	start := time.Now()
	b.open(file, 1600, 1000, "light")
	t.Logf("%d lines are there after %v", lines, time.Since(start).Round(time.Millisecond))
	b.want("the danger is seen without scrolling", `(e => e.getBoundingClientRect().bottom < innerHeight && e.textContent)(document.querySelector("#attention .item .d ins"))`, "securityContext:")
	b.run(`document.querySelector("#attention .item a").click()`)
	b.want("the link leads to the line", `document.querySelector(".object .aimed").textContent.trim()`, "privileged: true")
	b.want("the line is in sight", inSight(".object .aimed"), true)
	b.want("its object is open", `document.querySelector(".aimed").closest(".object").open`, true)
	b.press("g", "/")
	b.run(`document.execCommand("insertText", false, "PRIVILEGED")`)
	b.want("one object is listed", `document.querySelectorAll(".object:not([hidden])").length`, 1)
	b.want("one line is found", `document.getElementById("found").textContent`, "1 match in 1 object")
	b.press("Enter")
	b.want("the match is marked", `document.querySelector(".now").textContent.trim()`, "privileged: true")
	b.press("Escape")
	b.want("all objects are listed again", `document.querySelectorAll(".object:not([hidden])").length`, 101)
	b.silent("big report")
}

// inSight says whether an element is on the screen and nothing lies over it.
func inSight(selector string) string {
	return `(e => { const r = e.getBoundingClientRect(); return e.contains(document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2)) })(document.querySelector("` + selector + `"))`
}

func TestBrowserFiltersAndViews(t *testing.T) {
	base, head := bigTrees()
	file := pageFile(t, compare(t, base, head))
	b := startBrowser(t)
	b.open(file, 1600, 1000, "dark")
	b.run(`document.querySelector('[data-facet="kind"] input[value="Deployment"]').click()`)
	b.want("the filter lists one kind", `document.querySelectorAll(".object:not([hidden])").length`, 1)
	b.want("the number is told", `document.getElementById("listed").textContent`, "1 of 101")
	b.want("attention is not filtered", `document.querySelectorAll(".item").length > 0`, true)
	b.run(`document.getElementById("reset").click()`)
	b.want("the filters are cleared", `document.querySelectorAll(".object:not([hidden])").length`, 101)
	b.press("g", "j", "j", "k")
	b.want("keys walk the objects", `document.activeElement.closest(".object") === document.querySelector(".object")`, true)
	b.press("Enter")
	b.want("Enter opens", `document.querySelector(".object").open`, true)
	b.press("s")
	b.want("side by side is built where it is seen", `document.querySelectorAll(".object[open] .sided table.sides").length > 0`, true)
	b.want("and nowhere else", `document.querySelectorAll(".object:not([open]) table.sides").length`, 0)
	b.want("both sides are there", `(r => [...r.cells].map(c => c.textContent).join(" | "))(document.querySelector("table.sides tbody tr"))`, "key-0: value of 0 before | key-0: value of 0 after")
	b.press("s")
	b.want("unified again", `document.querySelectorAll(".sided").length`, 0)
	b.press("e")
	b.want("all open", `document.querySelectorAll(".object[open]").length`, 101)
	b.press("c")
	b.want("all closed", `document.querySelectorAll(".object[open]").length`, 0)
	dark := b.run(`getComputedStyle(document.body).backgroundColor`)
	b.run(`document.getElementById("theme").click()`)
	if light := b.run(`getComputedStyle(document.body).backgroundColor`); light == dark {
		t.Errorf("the switch changes no colour: %v", light)
	}
	b.press("?")
	b.want("help is shown", `document.getElementById("help").open`, true)
	b.silent("views")
}

func TestBrowserFollowsDeepLinks(t *testing.T) {
	base, head := bigTrees()
	file := pageFile(t, compare(t, base, head))
	b := startBrowser(t)
	b.open(file+"#configmap~shop~c50~h7", 1600, 1000, "light")
	b.run("0")
	b.want("the hunk is in sight", inSight(".hunk.aimed"), true)
	b.want("it is the right one", `document.querySelector(".hunk.aimed").id`, "configmap~shop~c50~h7")
	b.run(`document.querySelector('[data-facet="kind"] input[value="Deployment"]').click()`)
	b.run(`location.hash = "#configmap~shop~c9"`)
	b.want("what was filtered out is listed for its link", `document.getElementById("configmap~shop~c9").checkVisibility()`, true)
	b.want("and opened", `document.getElementById("configmap~shop~c9").open`, true)
	b.silent("deep links")
}

// TestBrowserReadsEveryPage opens pages of all kinds on screens of all kinds: nothing runs out of the screen, every text can be told
// from its ground (WCAG 2.2, 1.4.3: 4.5 to 1), and hostile texts stay silent.
func TestBrowserReadsEveryPage(t *testing.T) {
	reports := map[string]*Report{"full": full("text"), "nothing": compare(t, nil, nil)}
	for i, text := range hostileTexts {
		reports[fmt.Sprintf("hostile %d", i)] = full(text)
	}
	for _, file := range golden.Cases(t, "testdata/cases/*.txtar") {
		reports[file] = compare(t, first(trees(t, file)), second(trees(t, file)))
	}
	b := startBrowser(t)
	for name, report := range reports {
		file := pageFile(t, report)
		for _, screen := range []struct {
			width  int
			scheme string
		}{{1600, "light"}, {390, "dark"}} {
			what := fmt.Sprintf("%s at %d, %s", name, screen.width, screen.scheme)
			b.open(file, screen.width, 900, screen.scheme)
			b.now(`document.querySelectorAll("details").forEach(d => d.open = true)`)
			if b.now(`document.scrollingElement.scrollWidth <= innerWidth`) != true {
				t.Errorf("%s: the page is wider than the screen", what)
			}
			if faint := b.now(faintTexts); faint != "" {
				t.Errorf("%s: texts that are hard to read: %v", what, faint)
			}
			b.silent(what)
		}
	}
}

// faintTexts lists texts whose contrast with what is behind them is below 4.5.
const faintTexts = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgba = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data] };
	const light = rgb => rgb.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const ground = e => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] > 250) return c } return [255, 255, 255, 255] };
	const faint = new Set(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const e = walker.currentNode.parentElement;
		if (!walker.currentNode.data.trim() || !e.checkVisibility() || e.closest("svg, script, dialog")) continue;
		const [a, b] = [light(rgba(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
		if ((a + .05) / (b + .05) < 4.5) faint.add(e.localName + "." + e.className + " " + ((a + .05) / (b + .05)).toFixed(2));
	}
	return [...faint].join(", ");
})()`

func TestBrowserShowsThePageWithoutItsScript(t *testing.T) {
	base, head := trees(t, "testdata/cases/danger.txtar")
	file := pageFile(t, compare(t, base, head))
	b := startBrowser(t)
	b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	b.open(file, 1600, 1000, "light")
	b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": false}) // for the questions below; the page has been read
	b.want("buttons that would do nothing are not shown", `document.querySelector(".bar").checkVisibility() || document.getElementById("filters").checkVisibility()`, false)
	b.want("attention is shown", `document.querySelector("#attention .item").checkVisibility()`, true)
	b.run(`document.querySelector(".object").open = false`)
	b.run(`document.querySelector(".object summary").click()`)
	b.want("objects open", `document.querySelector(".object .hunk").checkVisibility()`, true)
	b.silent("without script")
}
