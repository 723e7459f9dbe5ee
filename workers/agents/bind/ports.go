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
func (a *Agent) settlePorts() error {
	port := a.cfg.Listen.Port()
	if port == 0 {
		held, err := freeport.Keep(a.cfg.agentAddr(), a.local.ListenPort)
		if err != nil {
			return fmt.Errorf("bind: %w", err)
		}
		a.ports.listen, port = held, held.Number()
		a.local.ListenPort = port
	}
	a.listen = netip.AddrPortFrom(a.cfg.Listen.Addr(), port)
	return a.settleControl()
}

// settleControl keeps the last time's control port, on which a named may still
// listen. Only a named that the engine starts itself can be moved to another one.
func (a *Agent) settleControl() error {
	var err error
	if a.local.ControlPort != 0 {
		if a.ports.control, err = freeport.Hold(a.local.ControlPort); err == nil || !a.cfg.Supervise {
			return nil
		}
	}
	if a.ports.control, err = freeport.Pick(loopback); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	a.local.ControlPort = a.ports.control.Number()
	return nil
}

// moveControl takes another control port when a stranger has ours.
func (a *Agent) moveControl() error {
	held, err := freeport.Pick(loopback)
	if err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ports.control.Release()
	a.ports.control, a.local.ControlPort = held, held.Number()
	a.rndc = rndc.New(a.local.controlAddr(), a.local.ControlSecret)
	return a.local.save(a.layout)
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
