// Package all links every stock plugin: import it for its side effect.
//
// The imports are the plugins' folders; `pipeline new` keeps them so.
package all

import (
	_ "github.com/pipeline-daemon/pipeline/plugins/codecs/avro"
	_ "github.com/pipeline-daemon/pipeline/plugins/codecs/json"
	_ "github.com/pipeline-daemon/pipeline/plugins/codecs/raw"
	_ "github.com/pipeline-daemon/pipeline/plugins/sinks/capture"
	_ "github.com/pipeline-daemon/pipeline/plugins/sinks/drop"
	_ "github.com/pipeline-daemon/pipeline/plugins/sinks/exec"
	_ "github.com/pipeline-daemon/pipeline/plugins/sinks/file"
	_ "github.com/pipeline-daemon/pipeline/plugins/sinks/kafka"
	_ "github.com/pipeline-daemon/pipeline/plugins/sinks/limits"
	_ "github.com/pipeline-daemon/pipeline/plugins/sinks/print"
	_ "github.com/pipeline-daemon/pipeline/plugins/sinks/spot"
	_ "github.com/pipeline-daemon/pipeline/plugins/sinks/watermill"
	_ "github.com/pipeline-daemon/pipeline/plugins/sources/capture"
	_ "github.com/pipeline-daemon/pipeline/plugins/sources/csv"
	_ "github.com/pipeline-daemon/pipeline/plugins/sources/file"
	_ "github.com/pipeline-daemon/pipeline/plugins/sources/generate"
	_ "github.com/pipeline-daemon/pipeline/plugins/sources/kafka"
	_ "github.com/pipeline-daemon/pipeline/plugins/sources/watermill"
	_ "github.com/pipeline-daemon/pipeline/plugins/transforms/average"
	_ "github.com/pipeline-daemon/pipeline/plugins/transforms/cast"
	_ "github.com/pipeline-daemon/pipeline/plugins/transforms/filter"
	_ "github.com/pipeline-daemon/pipeline/plugins/transforms/pair"
	_ "github.com/pipeline-daemon/pipeline/plugins/transforms/remove"
	_ "github.com/pipeline-daemon/pipeline/plugins/transforms/rename"
	_ "github.com/pipeline-daemon/pipeline/plugins/transforms/select"
	_ "github.com/pipeline-daemon/pipeline/plugins/transforms/set"
)
