package exec

import (
	"os/exec"
	"strconv"
	"syscall"
)

// inGroup puts a program into a process group of its own, so that Ctrl-C is
// not its business.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// There is nothing gentler than the end of its input.
func terminateGroup(*exec.Cmd) {}

// killGroup ends a program and what it has started; the latter only while the
// program itself is there.
func killGroup(cmd *exec.Cmd) {
	_ = exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run()
	_ = cmd.Process.Kill()
}
