package bind

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/opsledger/opsledger/internal/freeport"
	"github.com/opsledger/opsledger/workers/agents/bind/rndc"
)

// ports are those that the engine picked itself. They are held while it lives:
// named shares its ports without a complaint, and two on one would answer in turn.
type ports struct{ listen, control *freeport.Port }

func (p *ports) release() {
	p.listen.Release()
	p.control.Release()
}

// settlePorts picks the ports, if possible those of the last time.
func (e *Engine) settlePorts() error {
	port := e.cfg.Listen.Port()
	if port == 0 {
		hold := func() (*freeport.Port, error) { return freeport.Keep(e.cfg.namedAddr(), e.local.ListenPort) }
		if e.cfg.Outlives && e.local.ListenPort != 0 && e.orphan() != 0 { // which listens there
			hold = func() (*freeport.Port, error) { return freeport.Hold(e.local.ListenPort) }
		}
		held, err := hold()
		if err != nil {
			return fmt.Errorf("bind: %w", err)
		}
		e.ports.listen, port = held, held.Number()
		e.local.ListenPort = port
	}
	e.listen = netip.AddrPortFrom(e.cfg.Listen.Addr(), port)
	return e.settleControl()
}

// settleControl keeps the last time's control port, on which a named may still
// listen. Only a named that the engine starts itself can be moved to another one.
func (e *Engine) settleControl() error {
	var err error
	if e.local.ControlPort != 0 {
		if e.ports.control, err = freeport.Hold(e.local.ControlPort); err == nil || !e.cfg.Supervise {
			return nil
		}
	}
	if e.ports.control, err = freeport.Pick(loopback); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	e.local.ControlPort = e.ports.control.Number()
	return nil
}

// moveControl takes another control port when a stranger has ours.
func (e *Engine) moveControl() error {
	held, err := freeport.Pick(loopback)
	if err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ports.control.Release()
	e.ports.control, e.local.ControlPort = held, held.Number()
	e.rndc = rndc.New(e.local.controlAddr(), e.local.ControlSecret)
	return e.local.save(e.layout)
}

// assigned says whether an interface has the address. named listens on nothing
// else, without a complaint, while the kernel gives programs all of 127.0.0.0/8.
func assigned(addr netip.Addr) error {
	if addr.IsUnspecified() {
		return nil
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	for _, one := range all {
		if prefix, err := netip.ParsePrefix(one.String()); err == nil && prefix.Addr() == addr.WithZone("").Unmap() {
			return nil
		}
	}
	return errors.New("no interface of this machine has the address")
}
