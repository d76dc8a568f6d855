package pipeline

// TopicNamer is implemented by the options of a source whose records may say
// which topic they go to: see Record.Topic.
type TopicNamer interface {
	// Topics returns the topics that records name, and whether every record
	// names one.
	Topics() (names []string, always bool)
}

// TopicTaker is implemented by the options of a sink that writes to topics.
type TopicTaker interface {
	// TakeTopics is called when all options have been read, with what the
	// source's Topics returned, or with nothing. Its error is a mistake in the
	// sink's options.
	TakeTopics(names []string, always bool) error
}
