package house

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// pipelineSchema returns a check of a pipeline by the schema that editors use.
func pipelineSchema(t *testing.T) func(text string) error {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(root, "schemas/pipeline.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	return func(text string) error {
		var document any
		if err := yaml.Unmarshal([]byte(text), &document); err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(instance)
	}
}

// Every example begins with a line that tells editors its schema, which
// accepts it.
func TestSchemaAcceptsTheExamples(t *testing.T) {
	check := pipelineSchema(t)
	files, err := filepath.Glob(filepath.Join(root, "pipelines/*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if first, _, _ := strings.Cut(string(text), "\n"); first != "# yaml-language-server: $schema=../schemas/pipeline.schema.json" {
			t.Errorf("%s doesn't begin with the line that tells editors its schema, but with %q", file, first)
		}
		if err := check(string(text)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for _, document := range documents(t) {
		if isFollowed(document) { // it may have plugins of the reader's own
			continue
		}
		for i, block := range blocks(t, document, "yaml") {
			if err := check(completed(block)); err != nil {
				t.Errorf("%s, block %d: %v\n%s", document, i+1, err, block)
			}
		}
	}
}

func TestSchema(t *testing.T) {
	const ends = "source: {csv: {path: a.csv}}\nsink: print\n"
	check := pipelineSchema(t)
	for _, text := range []string{
		ends,
		"source: {csv: {path: [a.csv, b.csv], header: true, max_row: 1 MB, types: {value: float}}}\nsink: drop",
		"source: {csv: {path: 2021, infer_rows: \"${ROWS:-10}\", header: \"${HEADER}\"}}\nsink: {print: }",
		"source: csv\nsink: {kafka: {topic: t, key: {constant: k}, create: false, linger: 5ms, brokers: localhost:9092, codec: raw}}",
		"source: csv\nsink: {kafka: {topic: t, create: {partitions: 3}, tls: {}, brokers: [a:1, b:2]}}\ncodec: {json: {style: python}}",
		ends + "transforms: [{rename: {a: b}}, {cast: {a: int}}, {select: a}, {remove: [a, b]}, {set: {a: {b: [1, null]}}}, filter: a > 5]",
		ends + "transforms:\n  select: [a]",
		ends + "pace: {speed: 2.5}\nerrors: {retries: 5, backoff: {initial: 1m30s, max: 1h}, on_failure: skip}\nresume: true",
		ends + "pace:\nerrors:\ndead_letter:\ntransforms:\nname: 5",
		ends + "errors: {<<: {retries: 1}}",
	} {
		if err := check(text); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
	for _, text := range []string{
		"sink: print",
		"source: {csv: {path: a.csv}}",
		"- source",
		ends + "pase: {speed: 1}",
		ends + "pace: {spead: 1}",
		ends + "pace: {speed: fast}",
		ends + "pace: 5",
		ends + "resume: yes please",
		ends + "errors: {retries: 1.5}",
		ends + "errors: {backoff: {initial: 5}}",
		ends + "errors: {backoff: {initial: soon}}",
		ends + "transforms: [{renam: {a: b}}]",
		ends + "transforms: [{rename: {a: [b]}}]",
		ends + "transforms: [{cast: {a: integer}}]",
		ends + "transforms: [nothing]",
		ends + "transforms: [[{select: a}]]",
		"source: {csv: {pth: a.csv}}\nsink: print",
		"source: {csv: {path: {a: b}}}\nsink: print",
		"source: {csv: {path: [[a]]}}\nsink: print",
		"source: {csv: {path: a, max_row: large}}\nsink: print",
		"source: {csv: {path: a}, kafka: {topics: t}}\nsink: print",
		"source: {csv: {path: a}}\nsink: {kafka: {topic: t, create: true or false}}",
		"source: {csv: {path: a}}\nsink: {kafka: {topic: t, create: {partition: 1}}}",
		"source: {csv: {path: a}}\nsink: {kafka: {topic: t, codec: {json: {style: [a]}}}}",
		"source: print\nsink: csv",
	} {
		if check(text) == nil {
			t.Errorf("is accepted:\n%s", text)
		}
	}
}
