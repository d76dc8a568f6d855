package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// suffix ends the names of the sockets in a state folder, which begin with the
// number of the process that listens.
const suffix = ".sock"

// longestPath is how long the path of a Unix socket may be: sun_path holds 104
// bytes on macOS and 108 on Linux, with the zero at its end.
const longestPath = 103

// Server answers on the socket of this process.
type Server struct {
	http     http.Server
	listener net.Listener
	ended    chan struct{}
	made     string // the state folder, if it was made for the socket
}

// Serve listens in a state folder, which it makes if need be, to steer these
// pipelines. Only this user may connect. Sockets that dead processes have left
// there are removed.
func Serve(dir string, pipelines []Pipeline) (*Server, error) {
	path := filepath.Join(dir, strconv.Itoa(os.Getpid())+suffix)
	if len(path) > longestPath {
		return nil, fmt.Errorf("%s is longer than the %d bytes that a socket's path can have: choose a shorter --state", path, longestPath)
	}
	s := &Server{http: http.Server{Handler: NewHandler(pipelines), ReadHeaderTimeout: 10 * time.Second}, ended: make(chan struct{})}
	if err := os.Mkdir(dir, 0o755); err == nil {
		s.made = dir
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	removeDead(dir)
	var err error
	if s.listener, err = listen(path); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.ended)
		_ = s.http.Serve(s.listener) // ends with Close
	}()
	return s, nil
}

func listen(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a dead process with this number
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// Close stops listening and removes the socket, and the folder if nothing else
// has come to lie in it.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.ended
	if s.made != "" {
		_ = os.Remove(s.made) // fails, as it should, if it is not empty
	}
	return err
}

// removeDead removes the sockets of processes that were killed. One that is
// being made refuses connections for a moment, too.
func removeDead(dir string) {
	for _, path := range sockets(dir) {
		info, err := os.Stat(path)
		if err != nil || time.Since(info.ModTime()) < time.Second {
			continue
		}
		c, err := net.Dial("unix", path)
		switch {
		case err == nil:
			_ = c.Close()
		case errors.Is(err, syscall.ECONNREFUSED):
			_ = os.Remove(path)
		}
	}
}

// sockets returns the paths of the sockets in a folder.
func sockets(dir string) (paths []string) {
	entries, _ := os.ReadDir(dir) // a folder that can't be read holds none
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths
}
