//go:build unix

package exec

import (
	"os/exec"
	"syscall"
)

// inGroup puts a program into a process group of its own, with what it will
// start. So Ctrl-C in a terminal is not its business.
func inGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// The error of both is that there is nobody left.
func terminateGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
func killGroup(cmd *exec.Cmd)      { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
