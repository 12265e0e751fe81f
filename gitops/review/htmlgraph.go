package review

import (
	"cmp"
	"slices"
)

// The measures of the picture, in pixels.
const (
	nodeHeight, laneHeight = 42, 14 // of a box, and of a line that passes a column
	rowGap, columnGap      = 12, 44
	columnPadding          = 10
	headRoom, footRoom     = 36, 12
	letterWidth            = 8.1
	mostNodes              = 60 // a graph with more shows what changed, and what that is joined to
)

// vertex is a box, or a place where a long edge passes a column.
type vertex struct {
	part      int // index of the layer, -1 for a lane
	column    int
	left      []int // vertices that it waits for, one column before
	right     []int
	y, height float64 // the centre
}

// drawing is a graph on its way to a picture.
type drawing struct {
	parts    []Layer
	layers   []int // of the columns
	vertices []vertex
	columns  [][]int // vertices from top to bottom
	paths    [][]int // the vertices of each edge from left to right
}

// layout draws the layers of a cluster; nil when there are none.
func layout(cluster Cluster, target func(instance string) string) *graph {
	parts := slices.Clone(cluster.Layers)
	left := 0
	if len(parts) > mostNodes {
		parts = around(parts)
		left = len(cluster.Layers) - len(parts)
	}
	if len(parts) == 0 {
		return nil
	}
	d := newDrawing(parts)
	d.sortColumns()
	d.align()
	return d.picture(cluster, target, left)
}

// around keeps the parts that changed and those that they are joined to.
func around(parts []Layer) []Layer {
	near := map[string]bool{}
	for _, p := range parts {
		near[p.ID] = near[p.ID] || p.Changed
	}
	for _, p := range parts {
		for _, other := range p.DependsOn {
			if p.Changed {
				near[other] = true
			}
		}
	}
	for _, p := range parts {
		for _, other := range p.DependsOn {
			i := slices.IndexFunc(parts, func(l Layer) bool { return l.ID == other })
			near[p.ID] = near[p.ID] || i >= 0 && parts[i].Changed
		}
	}
	return slices.DeleteFunc(parts, func(p Layer) bool { return !near[p.ID] })
}

func newDrawing(parts []Layer) *drawing {
	slices.SortStableFunc(parts, func(a, b Layer) int { return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.ID, b.ID)) })
	d := &drawing{parts: parts}
	for _, p := range parts {
		if !slices.Contains(d.layers, p.Layer) {
			d.layers = append(d.layers, p.Layer)
		}
	}
	d.columns = make([][]int, len(d.layers))
	places := map[string]int{}
	for i, p := range parts {
		places[p.ID] = d.place(i, slices.Index(d.layers, p.Layer))
	}
	for _, edge := range reduced(parts) {
		from, to := places[parts[edge[0]].ID], places[parts[edge[1]].ID]
		d.join(from, to)
	}
	return d
}

// place adds a vertex to a column.
func (d *drawing) place(part, column int) int {
	height := float64(nodeHeight)
	if part < 0 {
		height = laneHeight
	}
	d.vertices = append(d.vertices, vertex{part: part, column: column, height: height})
	i := len(d.vertices) - 1
	d.columns[column] = append(d.columns[column], i)
	return i
}

// join leads an edge through a lane in every column between its ends.
func (d *drawing) join(from, to int) {
	way := []int{from}
	for column := d.vertices[from].column + 1; column < d.vertices[to].column; column++ {
		way = append(way, d.place(-1, column))
	}
	way = append(way, to)
	for i := range len(way) - 1 {
		d.vertices[way[i]].right = append(d.vertices[way[i]].right, way[i+1])
		d.vertices[way[i+1]].left = append(d.vertices[way[i+1]].left, way[i])
	}
	d.paths = append(d.paths, way)
}

// reduced are the edges between parts, as indices from and to, without those that others imply.
func reduced(parts []Layer) [][2]int {
	index := make(map[string]int, len(parts))
	for i, p := range parts {
		index[p.ID] = i
	}
	before := make([][]int, len(parts)) // in earlier layers only
	for i, p := range parts {
		for _, id := range p.DependsOn {
			if j, known := index[id]; known && parts[j].Layer < p.Layer && !slices.Contains(before[i], j) {
				before[i] = append(before[i], j)
			}
		}
		slices.Sort(before[i])
	}
	reach := make([]map[int]bool, len(parts)) // parts are sorted by layer, so what a part waits for comes before it
	var edges [][2]int
	for i := range parts {
		reach[i] = map[int]bool{}
		for _, j := range before[i] {
			for k := range reach[j] {
				reach[i][k] = true
			}
		}
		for _, j := range before[i] {
			if !reach[i][j] {
				edges = append(edges, [2]int{j, i})
			}
		}
		for _, j := range before[i] {
			reach[i][j] = true
		}
	}
	return edges
}

// sortColumns puts every vertex near the middle of those that it is joined to, from both ends in turn, so that few edges cross.
func (d *drawing) sortColumns() {
	place := make([]float64, len(d.vertices))
	number := func() {
		for _, column := range d.columns {
			for i, v := range column {
				place[v] = (float64(i) + .5) / float64(len(column))
			}
		}
	}
	number()
	for round := range 12 {
		for c := range d.columns {
			if round%2 == 1 {
				c = len(d.columns) - 1 - c
			}
			key := map[int]float64{}
			for _, v := range d.columns[c] {
				neighbours := d.vertices[v].left
				if round%2 == 1 {
					neighbours = d.vertices[v].right
				}
				key[v] = mean(neighbours, place, place[v])
			}
			slices.SortStableFunc(d.columns[c], func(a, b int) int { return cmp.Compare(key[a], key[b]) })
			number()
		}
	}
}

// mean is the mean of some values, or another one when there are none.
func mean(indices []int, values []float64, otherwise float64) float64 {
	if len(indices) == 0 {
		return otherwise
	}
	sum := 0.0
	for _, i := range indices {
		sum += values[i]
	}
	return sum / float64(len(indices))
}

// align gives every vertex its height on the picture: as near as can be to what it is joined to, in order and without overlap.
func (d *drawing) align() {
	y := make([]float64, len(d.vertices))
	for _, column := range d.columns {
		wish := make([]float64, len(column))
		d.settle(column, wish, y)
	}
	for round := range 10 {
		for c := range d.columns {
			if round%2 == 1 {
				c = len(d.columns) - 1 - c
			}
			column := d.columns[c]
			wish := make([]float64, len(column))
			for i, v := range column {
				wish[i] = mean(slices.Concat(d.vertices[v].left, d.vertices[v].right), y, y[v])
			}
			d.settle(column, wish, y)
		}
	}
	top := 0.0
	for i := range d.vertices {
		top = min(top, y[i]-d.vertices[i].height/2)
	}
	for i := range d.vertices {
		d.vertices[i].y = y[i] - top + headRoom
	}
}

// settle places the vertices of a column at the heights that differ least from what they wish, by pooling those that would overlap
// (isotonic regression).
func (d *drawing) settle(column []int, wish, y []float64) {
	type pool struct {
		sum   float64
		count int
	}
	offsets := make([]float64, len(column))
	for i := 1; i < len(column); i++ {
		offsets[i] = offsets[i-1] + (d.vertices[column[i-1]].height+d.vertices[column[i]].height)/2 + rowGap
	}
	var pools []pool
	for i := range column {
		pools = append(pools, pool{wish[i] - offsets[i], 1})
		for n := len(pools) - 1; n > 0 && pools[n-1].sum/float64(pools[n-1].count) > pools[n].sum/float64(pools[n].count); n-- {
			pools[n-1].sum += pools[n].sum
			pools[n-1].count += pools[n].count
			pools = pools[:n]
		}
	}
	i := 0
	for _, p := range pools {
		for range p.count {
			y[column[i]] = p.sum/float64(p.count) + offsets[i]
			i++
		}
	}
}
