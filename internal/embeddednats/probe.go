package embeddednats

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

const (
	// probePatience is how long an address may still be in use. A child process
	// that was just forked has a copy of every socket of this process until it
	// executes its program. So the socket of a server that was stopped can
	// outlive that server by a moment.
	probePatience = time.Second
	probeEvery    = 10 * time.Millisecond
)

// probe fails when the address cannot be listened on, before the streams are
// opened, which may take seconds, and with the operating system's own words.
func probe(host, port string) error {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for began := time.Now(); ; <-tick.C {
		err := listenBriefly(net.JoinHostPort(host, port))
		if !errors.Is(err, syscall.EADDRINUSE) || time.Since(began) > probePatience {
			return err
		}
	}
}

// listenBriefly holds the fork lock, so that no child gets a copy of its socket,
// which would keep the address from the server.
func listenBriefly(addr string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return err
	}
	return l.Close()
}
