//go:build !windows

package cmd

import "os"

// enableEscapes reports true: every terminal understands escape sequences.
func enableEscapes(*os.File) bool { return true }
