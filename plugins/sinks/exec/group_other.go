//go:build !unix && !windows

package exec

import "os/exec"

// There are no process groups: what the program has started ends with its
// input.
func inGroup(*exec.Cmd)        {}
func terminateGroup(*exec.Cmd) {}
func killGroup(cmd *exec.Cmd)  { _ = cmd.Process.Kill() }
