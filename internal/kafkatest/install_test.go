package kafkatest

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// fakeMaven puts a program in the place of mvn.
func fakeMaven(t *testing.T, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mvn"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestInstall(t *testing.T) {
	cache := filepath.Join(t.TempDir(), ".cache")
	libs := filepath.Join(cache, "kafka")

	fakeMaven(t, "touch half.jar; echo no route to host; exit 1")
	if err := install(cache, libs); err == nil || !strings.Contains(err.Error(), "no route to host") {
		t.Errorf("a failed download: %v, want Maven's words", err)
	}
	if exists(libs) {
		t.Error("a failed download leaves a folder that looks whole")
	}

	fakeMaven(t, "grep -q 'kafka_2.13.*4.1.0' pom.xml && touch whole.jar")
	if err := install(cache, libs); err != nil {
		t.Fatal(err)
	}
	if !exists(filepath.Join(libs, "whole.jar")) || exists(filepath.Join(libs, "half.jar")) {
		t.Error("the folder doesn't hold what the second download brought")
	}

	fakeMaven(t, "exit 1")
	if err := install(cache, libs); err != nil {
		t.Errorf("installed already: %v", err)
	}
}

// verdict records how a test would have ended.
type verdict struct {
	testing.TB
	ended string
}

func (v *verdict) Helper()        {}
func (v *verdict) Fatal(a ...any) { v.ended = "fatal: " + a[0].(string) }
func (v *verdict) Skip(a ...any)  { v.ended = "skip: " + a[0].(string) }

func TestMissing(t *testing.T) {
	for _, test := range []struct{ ci, program, want string }{
		{"", "mvn", `skip: tests with Apache Kafka need Apache Maven: "mvn" is not in the PATH`},
		{"true", "java", `fatal: tests with Apache Kafka need Java 17 or newer: "java" is not in the PATH`},
	} {
		t.Setenv("CI", test.ci)
		v := &verdict{TB: t}
		missing(v, test.program)
		if v.ended != test.want {
			t.Errorf("CI=%s: %q, want %q", test.ci, v.ended, test.want)
		}
	}
}
