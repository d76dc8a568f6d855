package alarm

import (
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// fine is a timer of the kernel that a thread waits for: woken by the runtime's
// poller, a goroutine comes a third later and takes a third more of the CPU.
type fine struct {
	file    *os.File
	conn    syscall.RawConn // keeps the descriptor open while it is used
	next    time.Duration
	expired [8]byte
	arm     func(fd uintptr)
	expire  func(fd uintptr)
}

func newFine() *fine {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC)
	if err != nil {
		return nil
	}
	f := &fine{file: os.NewFile(uintptr(fd), "timerfd")}
	if f.conn, err = f.file.SyscallConn(); err != nil {
		f.close()
		return nil
	}
	f.arm = func(fd uintptr) { set(fd, f.next) }
	f.expire = func(fd uintptr) { _, _ = unix.Read(int(fd), f.expired[:]) } // however it ends, the wait is over
	return f
}

// wait lets a wake that comes before the timer is set be seen in woken, and
// one that comes after it set the timer anew. What was made ready before, such
// as who takes the record that has just left, runs first: it would have to wait
// until another thread looks for work.
func (f *fine) wait(d time.Duration, woken <-chan struct{}) {
	f.next = d
	if f.conn.Control(f.arm) == nil && len(woken) == 0 {
		runtime.Gosched()
		_ = f.conn.Control(f.expire)
	}
	select {
	case <-woken:
	default:
	}
}

func (f *fine) wake() { _ = f.conn.Control(func(fd uintptr) { set(fd, 1) }) } // closed: nobody waits

func set(fd uintptr, d time.Duration) {
	_ = unix.TimerfdSettime(int(fd), 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(d, 1)))}, nil) // the arguments are right
}

func (f *fine) close() { _ = f.file.Close() }
