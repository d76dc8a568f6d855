# The few commands, as a table: `make` shows it.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

help:         ## this table
	@sed -n 's/^\([a-z]*\): *## */  make \1	/p' $(MAKEFILE_LIST) | expand -t 20
build:        ## bin/pipeline
	CGO_ENABLED=0 go build -trimpath -o bin/pipeline ./cmd/pipeline
test:         ## the tests; they need nothing but Go
	go test ./...
race:         ## the tests under the race detector, in random order
	go test -race -shuffle=on ./...
lint:         ## gofmt, vet, staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	go vet -tags integration,bench ./...
	go run $(STATICCHECK) -tags integration,bench ./...
cross:        ## builds for the other systems
	for target in linux/arm64 darwin/arm64 darwin/amd64 windows/amd64; do \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build -o /dev/null ./cmd/pipeline || exit 1; done
	@# A product and a sum rounded at once would make other numbers there.
	! CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -gcflags=-S ./plugins/sources/generate 2>&1 | grep -E 'FN?M(ADD|SUB)'
integration:  ## against a real Apache Kafka and fastavro; needs Java 17, Maven and pip
	go test -tags integration -run Integration -count 1 -timeout 20m ./...
bench:        ## the figures of bench/README.md; needs Java, Maven and kcat
	go test -tags bench -count 1 -timeout 90m -v ./bench -results results.md $(BENCH)
docs:         ## docs/reference, schemas/pipeline.schema.json and what plugins describe prints anew
	go run ./internal/docgen
data:         ## the files in data anew
	go run ./cmd/pipeline run pipelines/generate.yaml pipelines/generate-tutorial.yaml pipelines/generate-doors.yaml
	go run ./cmd/pipeline run pipelines/generate-capture.yaml

.PHONY: help build test race lint cross integration bench docs data
