// Package control steers running pipelines from outside: HTTP with JSON on a
// Unix socket in the state folder.
//
//	GET  /api/v1/pipelines              {"pipelines": [STATUS, …]}
//	GET  /api/v1/pipelines/NAME         STATUS
//	POST /api/v1/pipelines/NAME/pause
//	POST /api/v1/pipelines/NAME/resume
//	POST /api/v1/pipelines/NAME/step    {"records": 1}
//	POST /api/v1/pipelines/NAME/seek    {"time": "2021-01-01T00:00:00Z"} or {"by": "-10s"}
//	POST /api/v1/pipelines/NAME/speed   {"speed": 10}
//
// A POST answers with the STATUS once it has been done, or after a second, as where
// the sink is not available. Failures are {"error": TEXT}: 400
// for a request that makes no sense, 404 for a pipeline that doesn't run here,
// 409 for one that can't do it.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Target is what can be done to a running pipeline.
type Target interface {
	Pause() error
	Resume() error
	Step(records int) error
	SetSpeed(speed float64) error
	Seek(to time.Time) error
	SeekBy(d time.Duration) error

	// Acted waits until what was asked for before has been done, or ctx is done.
	Acted(ctx context.Context)
}

// Pipeline is a running pipeline.
type Pipeline struct {
	Name string
	Target
	Status func() any // what is shown of it, as JSON
}

const prefix = "/api/v1/pipelines"

// mostWait is how long an answer waits for what was asked to be done.
const mostWait = time.Second

// largestRequest bounds the body of a request.
const largestRequest = 64 << 10

// NewHandler returns the API of these pipelines.
func NewHandler(pipelines []Pipeline) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix, func(w http.ResponseWriter, _ *http.Request) {
		all := []any{}
		for _, p := range pipelines {
			all = append(all, p.Status())
		}
		answer(w, http.StatusOK, map[string]any{"pipelines": all})
	})
	find := func(w http.ResponseWriter, r *http.Request) (Pipeline, bool) {
		for _, p := range pipelines {
			if p.Name == r.PathValue("name") {
				return p, true
			}
		}
		refuse(w, http.StatusNotFound, fmt.Errorf("no pipeline %q runs here", r.PathValue("name")))
		return Pipeline{}, false
	}
	mux.HandleFunc("GET "+prefix+"/{name}", func(w http.ResponseWriter, r *http.Request) {
		if p, ok := find(w, r); ok {
			answer(w, http.StatusOK, p.Status())
		}
	})
	mux.HandleFunc("POST "+prefix+"/{name}/{action}", func(w http.ResponseWriter, r *http.Request) {
		if p, ok := find(w, r); ok {
			act(w, r, p)
		}
	})
	return mux
}

// request is the body of a POST.
type request struct {
	Records *int       `json:"records"`
	Speed   *float64   `json:"speed"`
	Time    *time.Time `json:"time"`
	By      *string    `json:"by"`
}

func act(w http.ResponseWriter, r *http.Request, p Pipeline) {
	var q request
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, largestRequest))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil && !errors.Is(err, io.EOF) {
		refuse(w, http.StatusBadRequest, fmt.Errorf("the request is not the JSON that is wanted: %w", err))
		return
	}
	do, err := q.action(r.PathValue("action"), p)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	if err := do(); err != nil {
		refuse(w, http.StatusConflict, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), mostWait)
	defer cancel()
	p.Acted(ctx)
	answer(w, http.StatusOK, p.Status())
}

// action returns what a request asks for.
func (q *request) action(name string, p Pipeline) (do func() error, err error) {
	switch {
	case name == "pause":
		return p.Pause, nil
	case name == "resume":
		return p.Resume, nil
	case name == "step" && q.Records == nil:
		return func() error { return p.Step(1) }, nil
	case name == "step":
		return func() error { return p.Step(*q.Records) }, nil
	case name == "speed" && q.Speed != nil:
		return func() error { return p.SetSpeed(*q.Speed) }, nil
	case name == "speed":
		return nil, errors.New(`speed wants {"speed": NUMBER}`)
	case name == "seek" && q.Time != nil && q.By == nil:
		return func() error { return p.Seek(*q.Time) }, nil
	case name == "seek" && q.By != nil && q.Time == nil:
		d, err := time.ParseDuration(*q.By)
		return func() error { return p.SeekBy(d) }, err
	case name == "seek":
		return nil, errors.New(`seek wants {"time": TIME} or {"by": DURATION}`)
	}
	return nil, fmt.Errorf("unknown action %q; there are pause, resume, step, seek and speed", name)
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(body) // a client that has gone wants no answer
}

func refuse(w http.ResponseWriter, code int, err error) {
	answer(w, code, map[string]string{"error": err.Error()})
}
