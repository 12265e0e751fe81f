// Package simulate predicts what Flux or Argo CD will do with a tree: which object is applied, kept, deleted or left behind, in
// which order, and what of it would fail.
//
// It reads the bytes that Git is to hold, as an engine reads them, and knows nothing of how they were made: not the parts, not the
// waves, not the graph that the render has. What both agree on is therefore shown twice. It knows the engines' rules; each is
// named, with its source and the test that shows it, in docs/order.md. It refuses to know the cluster: what is there is what the
// tree before said, applied and healthy. It is pure, and the same trees give the same timeline.
//
//	before, err := simulate.Read(head, "gkops/prod", nil)   // nil for a first install
//	after, err := simulate.Read(files, "gkops/prod", before)
//	timeline := simulate.Predict(before, after)
//	timeline.Events                                          // what happens to every object
//	timeline.Faults                                          // what would go wrong
package simulate
