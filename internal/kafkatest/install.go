package kafkatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// Version is the version of Apache Kafka that is run.
const Version = "4.1.0"

const pom = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>pipeline</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>` + Version + `</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>` + Version + `</version></dependency>
  </dependencies>
</project>
`

// Install returns the folder that holds Kafka's jars, which it downloads with
// Maven the first time. Without Java or Maven the test is skipped, or fails
// where the environment says CI=true.
func Install(t testing.TB) (libs string) {
	t.Helper()
	cache, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	libs = filepath.Join(cache, "kafka-"+Version)
	needed := []string{"java"}
	if !exists(libs) {
		needed = append(needed, "mvn")
	}
	for _, program := range needed {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, program)
		}
	}
	if err := install(cache, libs); err != nil {
		t.Fatal(err)
	}
	return libs
}

// missing ends the test.
func missing(t testing.TB, program string) {
	t.Helper()
	what := map[string]string{"java": "Java 17 or newer", "mvn": "Apache Maven"}[program]
	message := fmt.Sprintf("tests with Apache Kafka need %s: %q is not in the PATH", what, program)
	end := t.Skip
	if os.Getenv("CI") == "true" {
		end = t.Fatal
	}
	end(message)
}

// cacheDir is .cache at the root of the checkout.
func cacheDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; !exists(filepath.Join(dir, "go.mod")); dir = filepath.Dir(dir) {
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working directory")
		}
	}
	return filepath.Join(dir, ".cache"), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// install fills libs. The folder appears when it is whole, and one process at
// a time works on it.
func install(cache, libs string) error {
	if exists(libs) {
		return nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	lock := flock.New(libs + ".lock")
	if err := lock.Lock(); err != nil {
		return err
	}
	defer lock.Unlock()
	if exists(libs) {
		return nil
	}
	partial := libs + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	if err := os.MkdirAll(partial, 0o755); err != nil {
		return err
	}
	if err := download(partial); err != nil {
		return err
	}
	return os.Rename(partial, libs)
}

func download(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "pom.xml"), []byte(pom), 0o644); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	mvn := exec.CommandContext(ctx, "mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies", "-DoutputDirectory=.")
	mvn.Dir = dir
	if out, err := mvn.CombinedOutput(); err != nil {
		return fmt.Errorf("can't download Apache Kafka %s with Maven: %w\n%s", Version, err, bytes.TrimSpace(out))
	}
	return nil
}

// Java returns a command that runs a class of Kafka's jars, such as
// org.apache.kafka.tools.ConsoleConsumer. See [Install] for what it needs.
func Java(ctx context.Context, t testing.TB, class string, args ...string) *exec.Cmd {
	t.Helper()
	return java(ctx, Install(t), class, args...)
}

// java favours a quick start over speed.
func java(ctx context.Context, libs, class string, args ...string) *exec.Cmd {
	options := []string{
		"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-cp", filepath.Join(libs, "*"), class,
	}
	return exec.CommandContext(ctx, "java", append(options, args...)...)
}
