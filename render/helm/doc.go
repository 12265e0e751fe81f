// Package helm renders a chart to objects, as pure function: the bytes of its archive, values, a release and what the cluster
// serves go in, documents come out.
//
// It knows charts, through Helm's own engine, so that the output is Helm's. It refuses to know where archives come from, where
// objects go and what engines make of hooks. Nothing in a chart reaches the world: lookup finds nothing, no name is resolved, and
// what a chart makes up (random texts, keys, the time) is an input: it comes from Release.Made, or is made once and handed back.
package helm
