package cmd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
	"github.com/pipeline-daemon/pipeline/internal/kafka"
	_ "github.com/pipeline-daemon/pipeline/plugins/all"
	"github.com/rogpeppe/go-internal/testscript"
)

// programs are what the test binary is when it is run under their names, as by
// the scripts.
var programs = map[string]func(){"pipeline": Main}

func TestMain(m *testing.M) { testscript.Main(m, programs) }

// noRaceSleep has a binary that is built with -race end at once, instead of a
// second later.
const noRaceSleep = "atexit_sleep_ms=0"

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv(kafka.EnvDefaultBroker, freeport.Addr())
			e.Setenv(kafka.EnvBrokers, "")
			e.Setenv("GORACE", noRaceSleep)
			return lendGo(e)
		},
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Condition:           condition,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "broker": broker},
	})
}

// lendGo lets a script build on this checkout, which is $CORE, with what Go has
// compiled and fetched before.
func lendGo(e *testscript.Env) error {
	core, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	e.Setenv("CORE", core)
	names := []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	for i, value := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		e.Setenv(names[i], value)
	}
	return err
}

// condition is modules:DIR of a script: whether what the module in that folder
// of the checkout requires is there.
func condition(name string) (bool, error) {
	dir, ok := strings.CutPrefix(name, "modules:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	download := exec.Command("go", "mod", "download")
	download.Dir = filepath.Join("..", dir)
	return download.Run() == nil, nil
}

// exits is a script's command: exits CODE PROGRAM [ARGUMENT …]. It is exec for
// a program that ends with that exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("%v exits with %d, not %d", args[1:], code, want)
	}
}

// broker is a script's command: it starts a broker, which the script's commands
// find until it ends.
func broker(ts *testscript.TestScript, _ bool, _ []string) {
	b, err := kafka.StartBroker(kafka.BrokerConfig{Listen: ts.Getenv(kafka.EnvDefaultBroker)})
	ts.Check(err)
	ts.Defer(func() { _ = b.Close() })
}
