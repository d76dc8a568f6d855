// Pipeline runs pipelines, source → transforms → sink, that are written in
// YAML. A binary with plugins of your own is a copy of this file that imports
// them as well.
package main

import (
	"github.com/pipeline-daemon/pipeline/cmd"
	_ "github.com/pipeline-daemon/pipeline/plugins/all"
)

func main() { cmd.Main() }
