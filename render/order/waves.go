package order

// Step is the distance between the waves of a tree that is rendered for the first time, so that there is room between them.
const Step = 10

// Waves gives every node a number greater than those of all nodes it waits for. A locked number is kept while that holds. A node
// without one takes the smallest multiple of Step above its dependencies; where that would not be below the locked numbers
// of its dependents, a number in between; and only when there is none, the dependents move. It returns a *CycleError when there
// is no order.
func (g *Graph) Waves(locked map[string]int) (map[string]int, error) {
	sorted, err := g.Sort()
	if err != nil {
		return nil, err
	}
	latest := g.latest(sorted, locked)
	waves := make(map[string]int, len(sorted))
	for _, node := range sorted {
		floor := 0
		for to := range g.edges[node] {
			floor = max(floor, waves[to])
		}
		if wave, ok := locked[node]; ok && wave > floor {
			waves[node] = wave
			continue
		}
		waves[node] = choose(floor, latest[node])
	}
	return waves, nil
}

// unbounded is the latest wave of a node that no locked one depends on.
const unbounded = 1 << 30

// latest gives for each node the greatest number that leaves all locked dependents where they are, with room for the new nodes
// in between. What a node itself is locked to does not count.
func (g *Graph) latest(sorted []string, locked map[string]int) map[string]int {
	latest := make(map[string]int, len(sorted))
	for _, node := range sorted {
		latest[node] = unbounded
	}
	for i := len(sorted) - 1; i >= 0; i-- {
		node := sorted[i]
		bound := latest[node]
		if wave, ok := locked[node]; ok {
			bound = wave
		}
		if bound == unbounded {
			continue
		}
		for to := range g.edges[node] {
			latest[to] = min(latest[to], bound-1)
		}
	}
	return latest
}

// choose picks a number above floor and, when there is one, not above latest.
func choose(floor, latest int) int {
	next := (floor/Step + 1) * Step
	if next <= latest || floor >= latest {
		return next
	}
	return floor + (latest-floor+1)/2
}
