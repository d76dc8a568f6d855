package exec

import (
	"bufio"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// loggedASecond bounds what a program can put into the log.
const loggedASecond = 100

// keptLines is how many lines an error can show.
const keptLines = 10

// stderrLog puts what a program writes to standard error into the log.
type stderrLog struct {
	log *slog.Logger

	mu    sync.Mutex
	lines []string // the last ones
}

func (l *stderrLog) read(in *os.File) {
	defer in.Close()
	lines := bufio.NewReader(in)
	var second int64
	count := 0
	for {
		line, err := readLine(lines)
		if now := time.Now().Unix(); now != second {
			l.tellOmitted(count)
			second, count = now, 0
		}
		if line != "" {
			l.mu.Lock()
			l.lines = append(l.lines[max(0, len(l.lines)-keptLines+1):], line)
			l.mu.Unlock()
			if count++; count <= loggedASecond {
				l.log.Info(line)
			}
		}
		if err != nil {
			l.tellOmitted(count)
			return
		}
	}
}

func (l *stderrLog) tellOmitted(count int) {
	if count > loggedASecond {
		l.log.Warn("the program prints more than 100 lines in a second: the others are left out of the log", "left_out", count-loggedASecond)
	}
}

// readLine reads a line, of which it keeps the first 4 kB or so.
func readLine(r *bufio.Reader) (string, error) {
	line, more, err := r.ReadLine()
	text := strings.TrimRight(strings.ToValidUTF8(string(line), "\uFFFD"), " \t\r")
	for more && err == nil {
		_, more, err = r.ReadLine()
	}
	if err != nil && err != io.EOF {
		err = io.EOF // the program has been killed
	}
	return text, err
}

// tail is the last lines, each on a line of its own.
func (l *stderrLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// last is the last line.
func (l *stderrLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) == 0 {
		return ""
	}
	return l.lines[len(l.lines)-1]
}
