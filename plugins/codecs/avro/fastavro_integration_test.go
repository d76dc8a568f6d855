//go:build integration

package avro_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const fastavroVersion = "1.12.2"

// TestIntegrationFastavro installs fastavro into .cache the first time. Without
// Python, or pip, it is skipped, or fails where the environment says CI=true.
func TestIntegrationFastavro(t *testing.T) {
	cache, err := filepath.Abs("../../../.cache")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "fastavro-"+fastavroVersion)
	if _, err := os.Stat(dir); err != nil {
		installFastavro(t, cache, dir)
	}
	t.Setenv("PYTHONPATH", dir)
	checkFastavro(t)
}

// installFastavro fills dir, which appears when it is whole.
func installFastavro(t *testing.T, cache, dir string) {
	end := t.Skipf
	if os.Getenv("CI") == "true" {
		end = t.Fatalf
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	partial, err := os.MkdirTemp(cache, "fastavro-partial-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(partial)
	pip := exec.Command("python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", partial, "fastavro=="+fastavroVersion)
	if out, err := pip.CombinedOutput(); err != nil {
		end("the test needs Python 3 with pip: %v\n%s", err, out)
	}
	if err := os.Rename(partial, dir); err != nil {
		t.Fatal(err)
	}
}
