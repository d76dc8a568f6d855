//go:build unix

package cmd

import (
	"os"
	"testing"

	"github.com/pipeline-daemon/pipeline/internal/freeport"
)

// Ctrl-C ends a broker that stays for others.
func TestBrokerThatStaysIsInterrupted(t *testing.T) {
	t.Parallel()
	addr := freeport.Addr()
	p, rows := hosting(t, addr)
	connect(t, addr)
	_ = rows.Close()
	p.says("keeping the broker")
	p.signal(os.Interrupt)
	p.exits(0)
}

// When Ctrl-C has ended the pipelines, others aren't waited for.
func TestInterruptedBrokerDoesNotStay(t *testing.T) {
	t.Parallel()
	addr := freeport.Addr()
	p, _ := hosting(t, addr)
	connect(t, addr)
	p.signal(os.Interrupt)
	p.exits(0)
	p.says("the broker on " + addr + " ends, though other programs have ")
}

func TestBrokerCommand(t *testing.T) {
	t.Parallel()
	addr := freeport.Addr()
	dir := folder(t, kafkaFiles)
	p := command(t, dir, addr, "broker", "--data", "kept")
	p.start()
	p.says("KAFKA_BROKERS=" + addr + " pipeline run FILE")
	connect(t, addr)
	other := command(t, dir, addr, "broker")
	other.start()
	other.exits(1)
	other.says("pipeline: can't listen on " + addr)
	p.signal(os.Interrupt)
	p.exits(0)
}
