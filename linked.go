package pipeline

// Linked is implemented by the options of a source or a sink that may link
// pipelines which one process runs together: a source reads what the sinks of
// the same link write, and ends with them.
type Linked interface {
	// Link returns the link's name, such as "channel orders"; empty: these
	// options make none.
	Link() string
	// Join is called before any of the pipelines runs, and leave once this one
	// has ended, with its error.
	Join() (leave func(error))
}
