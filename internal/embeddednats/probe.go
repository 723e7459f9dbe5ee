package embeddednats

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

const (
	// probePatience is how long an address may still be in use. A child that this
	// process was just starting has a copy of every socket until it runs its
	// program, so that of a server that was stopped can outlive it by a moment.
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

// listenBriefly starts no child meanwhile: none may keep this socket from the server.
func listenBriefly(addr string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return err
	}
	return l.Close()
}
