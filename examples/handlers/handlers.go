// Package handlers has the helper of handlers in Python, for programs that write it
// beside one.
package handlers

import _ "embed"

// Python is pipeline_handler.py, whose run calls a function on every record.
//
//go:embed pipeline_handler.py
var Python []byte
