package kafka

import (
	"errors"
	"syscall"
)

// wsaEAddrInUse is what Windows says for EADDRINUSE.
const wsaEAddrInUse = syscall.Errno(10048)

func isAddrInUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaEAddrInUse)
}
