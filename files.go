package pipeline

// Files are the files of a source, a sink or a codec, as its options name them.
type Files struct {
	Reads  []string // names or glob patterns; - is standard input
	Writes string   // empty: none
	Anew   bool     // each run wants the file that it writes for itself: nothing is added to an earlier run's
}

// FileUser is implemented by options that name files, so that a file which
// would be read and written, and standard input that would be read twice, is
// refused before anything is opened.
type FileUser interface{ Files() Files }
