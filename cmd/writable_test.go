package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/config"
)

func TestCheckReport(t *testing.T) {
	dir := folder(t, map[string]string{"old.json": "{}", "file": ""})
	at := func(name string) string { return filepath.Join(dir, name) }
	for link, target := range map[string]string{"to-file": at("old.json"), "to-folder": dir, "to-nothing": at("none")} {
		if err := os.Symlink(target, at(link)); err != nil {
			t.Skip("no links here: ", err)
		}
	}
	for path, want := range map[string]string{
		"":                            "",
		at("new.json"):                "",
		at("old.json"):                "",
		at("to-file"):                 "",
		at("to-nothing"):              "",
		os.DevNull:                    "",
		dir:                           "is a folder; name a file",
		at("to-folder"):               "is a folder; name a file",
		filepath.Join(dir, "no", "x"): "there is no folder " + at("no"),
		filepath.Join(dir, "file/x"):  "there is no folder " + at("file"),
	} {
		got := ""
		if err := checkReport(path); err != nil {
			got = strings.TrimPrefix(err.Error(), "--report "+path+": ")
		}
		if got != want && !(want != "" && strings.Contains(got, "not a directory")) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if left, err := filepath.Glob(at("*.tmp")); len(left) > 0 || err != nil {
		t.Errorf("%v is left behind, %v", left, err)
	}
}

func TestCheckState(t *testing.T) {
	dir := folder(t, map[string]string{"file": ""})
	file := filepath.Join(dir, "file")
	resuming := []*config.Plan{{}, {Resume: true}}
	for state, want := range map[string]string{
		dir:                                 "",
		filepath.Join(dir, "made", "later"): "",
		file:                                file + " is no folder",
		filepath.Join(file, "below"):        file + " is no folder",
	} {
		got := ""
		if err := checkState(state, resuming); err != nil {
			got = strings.TrimPrefix(err.Error(), "--state "+state+": ")
		}
		if got != want {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
		if err := checkState(state, resuming[:1]); err != nil {
			t.Errorf("nothing is kept in %s: %v", state, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "made")); err == nil {
		t.Error("the check has made the folder")
	}
}
