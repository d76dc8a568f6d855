package cmd

import (
	"net"
	"os"
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/kafka"
	_ "github.com/pipeline-daemon/pipeline/plugins/all"
	"github.com/rogpeppe/go-internal/testscript"
)

// The test binary is pipeline itself when it is run under that name, as by the
// scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pipeline": Main})
}

// freeAddr returns an address on which nothing listens.
func freeAddr() string {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		panic(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv(kafka.EnvDefaultBroker, freeAddr())
			e.Setenv(kafka.EnvBrokers, "")
			return nil
		},
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
	})
}
