package document

// A tape is what the scanner writes: one event for every key, value and comment of a block-style document, in order. The text
// of an event is a span of the source; it is decoded only when somebody asks.

type eventKind uint8

const (
	mapStart eventKind = iota
	mapEnd
	seqStart
	seqEnd
	scalarEvent // also a key: in a mapping keys and values take turns
	headComment // on lines of its own, belongs to what follows
	lineComment // behind a value or behind a key whose value follows below
)

type scalarForm uint8

const (
	plainForm scalarForm = iota
	singleForm
	doubleForm
	literalForm
	foldedForm
	jsonForm // a JSON string
)

// event is one entry of a tape.
type event struct {
	kind   eventKind
	form   scalarForm
	folded bool  // the scalar spans lines, or has escapes: its text must be decoded
	flow   bool  // the collection is written in flow style
	chomp  int8  // of a block scalar: -1 strip, 0 clip, +1 keep
	indent int32 // of the lines of a block scalar; else the column of the event, from 0
	line   int32 // from 1, in the text
	start  int32 // of the text: between the quotes, or the lines of a block scalar
	end    int32
	next   int32 // of a start event: the tape index of its end
	count  int32 // of a start event: scalars and collections directly inside
}

// scan is a document in the form that the scanner leaves: its text and its tape.
type scan struct {
	text  string
	tape  []event
	nodes int // scalars and collections on the tape
}
