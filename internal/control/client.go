package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// patience is how long a process may take to answer.
const patience = 5 * time.Second

// Running is a pipeline that can be steered.
type Running struct {
	Name   string
	PID    string          // of its process
	Status json.RawMessage // as it was when it was found

	client *http.Client
}

// Find returns the pipelines that run with this state folder, by name.
// Processes that don't answer are left out.
func Find(ctx context.Context, dir string) []*Running {
	var all []*Running
	for _, path := range sockets(dir) {
		client := connect(path)
		var list struct{ Pipelines []json.RawMessage }
		if err := call(ctx, client, http.MethodGet, prefix, nil, &list); err != nil {
			continue
		}
		for _, status := range list.Pipelines {
			var named struct{ Name string }
			if json.Unmarshal(status, &named) == nil {
				all = append(all, &Running{named.Name, strings.TrimSuffix(filepath.Base(path), suffix), status, client})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *Running) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func connect(path string) *http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: patience}
}

// Do asks for an action of the API, with these fields of its body, and returns
// the status after it.
func (r *Running) Do(ctx context.Context, action string, body map[string]any) (json.RawMessage, error) {
	var status json.RawMessage
	err := call(ctx, r.client, http.MethodPost, prefix+"/"+url.PathEscape(r.Name)+"/"+action, body, &status)
	return status, err
}

func call(ctx context.Context, client *http.Client, method, path string, body map[string]any, result any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, method, "http://pipeline"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r, err := client.Do(q)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	d := json.NewDecoder(r.Body)
	if r.StatusCode == http.StatusOK {
		return d.Decode(result)
	}
	var refused struct{ Error string }
	if err := d.Decode(&refused); err != nil || refused.Error == "" {
		return fmt.Errorf("the process answers %s", r.Status)
	}
	return errors.New(refused.Error)
}

// Close ends the connection.
func (r *Running) Close() { r.client.CloseIdleConnections() }
