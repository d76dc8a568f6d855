package config

import "github.com/pipeline-daemon/pipeline"

// Options describes the keys of a pipeline, with their defaults.
func Options() []pipeline.Option {
	return pipeline.DescribeOptions(Plan{Errors: defaultErrors, Workers: defaultWorkers})
}
