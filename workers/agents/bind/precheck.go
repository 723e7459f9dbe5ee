package bind

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"github.com/opsledger/opsledger/internal/freeport"
)

// Check returns everything that keeps an engine of this configuration from working on
// this host, joined, as far as it can be known before. Nothing is made or changed, and
// no port is tried: an agent that runs may have it.
func (c Config) Check() error {
	completed, err := c.complete()
	errs := []error{err}
	if err == nil {
		_, err = completed.namedUser()
		errs = append(errs, err)
	}
	if c.Supervise {
		errs = append(errs, checkListen(c.Listen))
	}
	return errors.Join(errs...)
}

// checkListen says why no named of this process could listen at the address, whoever
// listens there now.
func checkListen(at netip.AddrPort) error {
	_, err := capabilitiesFor(at.Port())
	if err == nil {
		err = assigned(at.Addr())
	}
	if err != nil {
		return fmt.Errorf("named cannot listen on %s: %w", at, err)
	}
	return nil
}

// Claim keeps the address of a Config's Listen for a named that the engine in this
// directory will start. It is nil, and no error, while a named of that engine's listens
// there itself: the engine ends one that was left over.
func Claim(dir string, listen netip.AddrPort) (*freeport.Claim, error) {
	if err := checkListen(listen); err != nil {
		return nil, err
	}
	var claim *freeport.Claim
	var err error
	for range 2 { // the second time for one that ended meanwhile
		if claim, err = freeport.Take(listen.String(), "tcp", "udp"); err == nil || !errors.Is(err, syscall.EADDRINUSE) {
			return claim, err
		}
		if LeftOver(dir) {
			return nil, nil
		}
	}
	return nil, err
}
