package simulate

// Contradiction is a pair of events that was seen the other way round than predicted.
type Contradiction struct{ First, Then Event }

// Contradicts compares the timeline with what was seen of a real engine: the keys of objects in the order in which they were created or
// changed, as far as that was seen. It gives the pairs of which First is sure to come before Then and was seen after it. What the timeline does
// not order may be seen in any order, and objects that it does not have say nothing.
func (t *Timeline) Contradicts(seen []string) []Contradiction {
	events := make([]*Event, 0, len(seen))
	for _, key := range seen {
		if e := t.made[key]; e != nil {
			events = append(events, e)
		}
	}
	var wrong []Contradiction
	for n, earlier := range events {
		for _, later := range events[n+1:] {
			if t.Before(later, earlier) {
				wrong = append(wrong, Contradiction{First: *later, Then: *earlier})
			}
		}
	}
	return wrong
}
