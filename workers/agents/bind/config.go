package bind

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/freeport"
	"github.com/opsledger/opsledger/protocol"
)

// Config says where the engine works. Zero values are usable but for Dir.
type Config struct {
	// Dir holds everything that the engine and named keep: keys, configuration,
	// zone files, new-zone databases. It is created when missing.
	Dir string
	// Agent is the agent's id on the bus: that of the server that it was enrolled for.
	Agent int64
	// NamedPath, CheckConfPath and NZDToolPath are the programs named,
	// named-checkconf and named-nzd2nzf; found in the system when empty.
	NamedPath, CheckConfPath, NZDToolPath string
	// Listen is where named answers. Port 0 takes a free one (Supervise only). The
	// unspecified address means all addresses; the engine then talks to loopback.
	Listen netip.AddrPort
	// Claim keeps Listen until named is started for the first time; nil: nobody does. The
	// engine hands it over, and the caller releases it.
	Claim *freeport.Claim
	// Supervise starts named as a private child and restarts it when it dies.
	// Otherwise the system runs named with the configuration in Dir/named.conf.
	Supervise bool
	// Outlives lets a supervised named go on when the engine ends, for the next one in Dir
	// to take over, see outliving.go.
	Outlives bool
	// User is whom a root agent has named run as; when empty the first that exists of
	// bind, named, opsledger and nobody, or, for a named that the system runs, the owner
	// of its folders.
	User string
	// Secrets resolves vault ids named by the BIND configuration; nil knows none.
	Secrets func(ctx context.Context, ids []string) (map[string]string, error)
	// Drift tells the control plane what named has otherwise than it was proved to have, and returns what
	// became of that in the log; nil: nobody is told.
	Drift func(ctx context.Context, f protocol.DriftFinding) (protocol.DriftVerdict, error)
	// TransferKeys are the keys by which the servers of the fleet exchange zones, by the ids of their
	// views; nil: nobody has any.
	TransferKeys func(ctx context.Context, views []int64) (map[int64][]byte, error)
	// Workers is the number of zones worked on at the same time, 16 when 0. Most of
	// the time a worker waits for named, and named for its disk, so that more
	// workers than cores pay.
	Workers int
	// DriftEvery is the time in which all zones' serials are asked for once, 8 s when 0.
	DriftEvery time.Duration
	// VerifyEvery is the time in which every zone is transferred and compared
	// once, whatever its serial says, 15 min when 0.
	VerifyEvery time.Duration
	Log         *slog.Logger
	Registerer  prometheus.Registerer
}

// complete fills in defaults and finds the programs.
func (c Config) complete() (Config, error) {
	if c.Dir == "" {
		return c, errors.New("bind: no directory given")
	}
	var err error
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return c, fmt.Errorf("bind: %w", err)
	}
	if !c.Listen.Addr().IsValid() {
		c.Listen = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), c.Listen.Port())
	}
	if c.Listen.Port() == 0 && !c.Supervise {
		return c, errors.New("bind: a named that the system runs needs a port")
	}
	if c.Workers <= 0 {
		c.Workers = 16
	}
	if c.DriftEvery <= 0 {
		c.DriftEvery = 8 * time.Second
	}
	if c.VerifyEvery <= 0 {
		c.VerifyEvery = 15 * time.Minute
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, c.findPrograms()
}

func (c *Config) findPrograms() error {
	programs := []struct {
		path   *string
		name   string
		needed bool
	}{
		{&c.NamedPath, "named", c.Supervise},
		{&c.CheckConfPath, "named-checkconf", true},
		{&c.NZDToolPath, "named-nzd2nzf", true},
	}
	for _, p := range programs {
		if *p.path != "" {
			continue
		}
		found, err := child.Find(p.name)
		if err != nil && p.needed {
			return fmt.Errorf("bind: the program %s is missing (Debian: apt install bind9)", p.name)
		}
		*p.path = found
	}
	return nil
}

// namedAddr is the address at which the engine itself reaches named.
func (c Config) namedAddr() netip.Addr {
	switch addr := c.Listen.Addr(); {
	case !addr.IsUnspecified():
		return addr
	case addr.Is4():
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	default:
		return netip.IPv6Loopback()
	}
}
