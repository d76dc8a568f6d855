package pipeline

// Files are the files of a source, a sink or a codec, as its options name them.
type Files struct {
	Reads  []string // names or glob patterns; - is standard input
	Writes string   // empty: none
	Anew   bool     // each run wants the file that it writes for itself: nothing is added to an earlier run's
	Empty  bool     // what the file that it writes holds is lost
}

// Resumer is implemented by options of sources that may keep positions
// themselves, as a Kafka consumer group does.
type Resumer interface {
	// Resumes reports whether each run goes on where the one before has ended.
	Resumes() bool
}

// FileUser is implemented by options that name files, so that a file which
// would be read and written, and standard input that would be read twice, is
// refused before anything is opened.
type FileUser interface{ Files() Files }
