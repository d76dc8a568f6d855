package cmd

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// terminal shows what a terminal would: it is as wide as it is told, wraps
// lines that are too long, and knows the escape sequences that screen uses.
type terminal struct {
	width    int
	rows     [][]rune
	row, col int
	rest     []byte // of a sequence that is not complete
	raw      []byte // all that was written
}

func newTerminal(width int) *terminal { return &terminal{width: width, rows: make([][]rune, 1)} }

var escape = regexp.MustCompile(`^\x1b\[(\d*)([A-Za-z])`)

// Write implements io.Writer.
func (t *terminal) Write(p []byte) (int, error) {
	t.raw = append(t.raw, p...)
	text := append(t.rest, p...)
	for len(text) > 0 {
		if m := escape.FindSubmatch(text); m != nil {
			t.escaped(string(m[1]), m[2][0])
			text = text[len(m[0]):]
			continue
		}
		if text[0] == 0x1b && len(text) < 8 || !utf8.FullRune(text) {
			break
		}
		r, n := utf8.DecodeRune(text)
		t.put(r)
		text = text[n:]
	}
	t.rest = append([]byte(nil), text...)
	return len(p), nil
}

func (t *terminal) escaped(number string, command byte) {
	switch command {
	case 'A':
		n, _ := strconv.Atoi(number)
		t.row = max(t.row-max(n, 1), 0)
	case 'J':
		t.rows = t.rows[:t.row+1]
		t.rows[t.row] = t.rows[t.row][:min(t.col, len(t.rows[t.row]))]
	case 'K':
		t.rows[t.row] = t.rows[t.row][:min(t.col, len(t.rows[t.row]))]
	case 'm':
	default:
		panic("a sequence that is not known: " + number + string(command))
	}
}

func (t *terminal) put(r rune) {
	switch r {
	case '\r':
		t.col = 0
		return
	case '\n':
		t.down()
		return
	}
	if t.col == t.width {
		t.col = 0
		t.down()
	}
	line := t.rows[t.row]
	for len(line) <= t.col {
		line = append(line, ' ')
	}
	line[t.col] = r
	t.rows[t.row] = line
	t.col++
}

func (t *terminal) down() {
	if t.row++; t.row == len(t.rows) {
		t.rows = append(t.rows, nil)
	}
}

// resize wraps the rows anew, as most terminals do.
func (t *terminal) resize(width int) {
	old := t.rows
	cursor := t.row
	t.rows, t.width = nil, width
	for i, line := range old {
		if i == cursor {
			t.row = len(t.rows)
		}
		for len(line) > width {
			t.rows = append(t.rows, line[:width:width])
			line = line[width:]
		}
		t.rows = append(t.rows, line)
	}
}

// String returns the rows, spaces at their ends cut off.
func (t *terminal) String() string {
	var b strings.Builder
	for _, row := range t.rows {
		b.WriteString(strings.TrimRight(string(row), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
