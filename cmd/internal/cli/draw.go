package cli

import (
	"fmt"
	"html"
	"io"
	"strings"

	"gkops.dev/gkops/cmd/internal/pipeline"
)

// drawText lists the layers with their parts and what each waits for.
func drawText(w io.Writer, cluster string, nodes []pipeline.Node) {
	fmt.Fprintln(w, cluster)
	layer := -1
	for _, n := range nodes {
		if n.Layer != layer {
			layer = n.Layer
			fmt.Fprintf(w, "  layer %d\n", layer)
		}
		line := "    " + label(n)
		if len(n.DependsOn) > 0 {
			line += "  <- " + strings.Join(n.DependsOn, ", ")
		}
		fmt.Fprintln(w, line)
	}
}

// label is what a person reads of a part.
func label(n pipeline.Node) string {
	if n.Version == "" {
		return n.ID + " (" + n.Instance + ")"
	}
	return n.ID + " " + n.Version
}

// drawDot writes the graph for Graphviz, one rank per layer.
func drawDot(w io.Writer, cluster string, nodes []pipeline.Node) {
	fmt.Fprintf(w, "digraph %q {\n  rankdir=LR;\n  node [shape=box];\n", cluster)
	for i := 0; i < len(nodes); {
		layer := nodes[i].Layer
		fmt.Fprintf(w, "  subgraph \"layer %d\" {\n    rank=same;\n", layer)
		for ; i < len(nodes) && nodes[i].Layer == layer; i++ {
			fmt.Fprintf(w, "    %q [label=%q];\n", nodes[i].ID, label(nodes[i]))
		}
		fmt.Fprintln(w, "  }")
	}
	for _, n := range nodes {
		for _, d := range n.DependsOn {
			fmt.Fprintf(w, "  %q -> %q;\n", d, n.ID)
		}
	}
	fmt.Fprintln(w, "}")
}

// drawMermaid writes the graph as forges show it in markdown.
func drawMermaid(w io.Writer, cluster string, nodes []pipeline.Node) {
	ids := map[string]string{}
	fmt.Fprintf(w, "---\ntitle: %s\n---\nflowchart LR\n", cluster)
	for i := 0; i < len(nodes); {
		layer := nodes[i].Layer
		fmt.Fprintf(w, "  subgraph L%d[layer %d]\n", layer, layer)
		for ; i < len(nodes) && nodes[i].Layer == layer; i++ {
			ids[nodes[i].ID] = fmt.Sprintf("n%d", i)
			fmt.Fprintf(w, "    n%d[\"%s\"]\n", i, html.EscapeString(label(nodes[i])))
		}
		fmt.Fprintln(w, "  end")
	}
	for _, n := range nodes {
		for _, d := range n.DependsOn {
			fmt.Fprintf(w, "  %s --> %s\n", ids[d], ids[n.ID])
		}
	}
}

// The measures of an SVG graph, in pixels.
const (
	boxWidth, boxHeight = 240, 34
	gapX, gapY          = 70, 14
	margin              = 20
	headHeight          = 26
)

type point struct{ x, y int }

// drawSVG draws one column per layer and one box per part, in the colours that the reader's theme asks for.
func drawSVG(w io.Writer, cluster string, nodes []pipeline.Node) {
	at, columns, tallest := place(nodes)
	width := 2*margin + columns*boxWidth + max(0, columns-1)*gapX
	height := 2*margin + headHeight + tallest*(boxHeight+gapY)
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="layers of %s">`+"\n",
		width, height, width, height, html.EscapeString(cluster))
	fmt.Fprintln(w, `<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328 } .layer { font-weight: 600; fill: #59636e }
  rect { fill: #f6f8fa; stroke: #59636e } path { fill: none; stroke: #8c959f; stroke-width: 1.3 }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117 } text { fill: #f0f6fc } .layer { fill: #9198a1 }
    rect { fill: #151b23; stroke: #656c76 } path { stroke: #656c76 }
  }
</style>`)
	for _, n := range nodes {
		to := at[n.ID]
		for _, d := range n.DependsOn {
			from, known := at[d]
			if !known {
				continue
			}
			x1, y1, x2, y2 := from.x+boxWidth, from.y+boxHeight/2, to.x, to.y+boxHeight/2
			middle := (x1 + x2) / 2
			fmt.Fprintf(w, `<path d="M%d %d C%d %d %d %d %d %d"/>`+"\n", x1, y1, middle, y1, middle, y2, x2, y2)
		}
	}
	layer := -1
	for _, n := range nodes {
		p := at[n.ID]
		if n.Layer != layer {
			layer = n.Layer
			fmt.Fprintf(w, `<text class="layer" x="%d" y="%d">layer %d</text>`+"\n", p.x, margin+12, layer)
		}
		fmt.Fprintf(w, `<rect x="%d" y="%d" width="%d" height="%d" rx="4"/><text x="%d" y="%d">%s</text>`+"\n",
			p.x, p.y, boxWidth, boxHeight, p.x+10, p.y+boxHeight/2+5, html.EscapeString(shorten(label(n), 34)))
	}
	fmt.Fprintln(w, "</svg>")
}

// place gives every part a corner: a column per layer, in order.
func place(nodes []pipeline.Node) (at map[string]point, columns, tallest int) {
	at = map[string]point{}
	for i := 0; i < len(nodes); {
		layer, row := nodes[i].Layer, 0
		for ; i < len(nodes) && nodes[i].Layer == layer; i++ {
			at[nodes[i].ID] = point{margin + columns*(boxWidth+gapX), margin + headHeight + row*(boxHeight+gapY)}
			row++
		}
		columns++
		tallest = max(tallest, row)
	}
	return at, columns, tallest
}

// shorten cuts a text to a number of characters, with an ellipsis where it was cut.
func shorten(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return string(runes[:limit-1]) + "…"
}
