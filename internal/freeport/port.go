package freeport

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"
)

// Port is a port that is held.
//
// Invariants:
//  1. At most one process of a network namespace holds a port, once.
//  2. A port is free to be held again when its holder has released it or died.
type Port struct {
	number uint16
	// hold is an abstract Unix socket that is named for the port. It exists in the
	// network namespace, as ports do, and ends with the process.
	hold net.Listener
}

// Number is the port's number.
func (p *Port) Number() uint16 { return p.number }

// Release lets others have the port. It may be called again, and on nil.
func (p *Port) Release() {
	if p != nil {
		_ = p.hold.Close() // the second time it is closed already
	}
}

const (
	// holdPatience is how long a hold that was released may last. A child that its
	// process was just starting has a copy of every socket until it runs its program.
	holdPatience = time.Second
	holdEvery    = 5 * time.Millisecond
)

// Hold holds the port, whether or not something listens on it.
func Hold(number uint16) (*Port, error) {
	tick := time.NewTicker(holdEvery)
	defer tick.Stop()
	for began := time.Now(); ; <-tick.C {
		p, err := tryHold(number)
		if !errors.Is(err, syscall.EADDRINUSE) || time.Since(began) > holdPatience {
			return p, err
		}
	}
}

func tryHold(number uint16) (*Port, error) {
	hold, err := net.Listen("unix", "@opsledger-port-"+strconv.Itoa(int(number)))
	if err != nil {
		return nil, fmt.Errorf("hold port %d: %w", number, err)
	}
	return &Port{number: number, hold: hold}, nil
}
