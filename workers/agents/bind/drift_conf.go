package bind

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// confWatch knows what configuration named was given, and notices that somebody else changed it, or
// had named read it again.
type confWatch struct {
	// rendered is named.conf as the engine wrote it last, empty before.
	rendered string
	// configured is when named says that it was configured last, as the engine knows of it; empty: that
	// is to be learned.
	configured string
	// boot and starts tell which start of named is known.
	boot   string
	starts int
	// zones is what of zones was added and removed before named was asked last: that counts for named as
	// configuring, too.
	zones zonesState
}

// zonesState changes with every zone that is added to named or removed from it.
type zonesState struct {
	// commands counts the engine's own, and lists is of what all have made.
	commands int
	lists    string
}

func (e *Engine) zonesState() (s zonesState) {
	for _, view := range slices.Sorted(slices.Values(e.configuredViews())) {
		s.lists += fmt.Sprint(view, e.stateOf(view))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s.commands = e.zoneCommands
	return s
}

// addOrRemove runs a command that adds a zone or removes one.
func (e *Engine) addOrRemove(ctx context.Context, command string) error {
	e.noteZoneCommand()
	defer e.noteZoneCommand()
	_, err := e.controlAlone(ctx, command)
	return err
}

func (e *Engine) noteZoneCommand() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.zoneCommands++
}

// look compares what named says of itself with what is known: zones are those of before named was asked,
// and of now. It returns what is drift, nil for none.
func (c *confWatch) look(
	status map[string]string, text string, starts int, zones [2]zonesState,
) (configuration, process *protocol.DriftFinding) {
	configured, boot := status["last configured"], status["boot time"]
	if zones[1] != c.zones {
		c.configured = "" // somebody may have added a zone, or removed one
	}
	switch {
	case c.boot != "" && c.boot != boot && c.starts == starts:
		process = &protocol.DriftFinding{
			What: dns.DriftProcess, Done: dns.DriftReported,
			Expected: "named as it was started at " + c.boot, Found: "another process, started at " + boot,
		}
		fallthrough
	case c.boot != boot:
		c.configured = ""
	}
	switch {
	case c.rendered == "":
	case text != c.rendered:
		configuration = &protocol.DriftFinding{What: dns.DriftConfiguration, Expected: "named.conf as it was written", Found: "another named.conf"}
		if c.configured != "" && c.configured != configured {
			configuration.Found += ", which named has read at " + configured
		}
	case c.configured != "" && c.configured != configured:
		configuration = &protocol.DriftFinding{
			What: dns.DriftConfiguration, Expected: "named configured last at " + c.configured, Found: "named configured at " + configured,
		}
	}
	c.boot, c.starts, c.configured, c.zones = boot, starts, configured, zones[0]
	return configuration, process
}

// watchConf tells of a configuration, or a process, that is not the engine's, and has the former
// repaired unless it is to be left.
func (d *driver) watchConf(status map[string]string) {
	e := d.engine
	text, err := os.ReadFile(e.layout.conf())
	if err != nil && !os.IsNotExist(err) {
		e.log.Warn("cannot look at named's configuration", "error", err)
		return
	}
	configuration, process := d.conf.look(status, string(text), d.named.starts, [2]zonesState{d.zones, e.zonesState()})
	if process != nil {
		e.tellSoon(*process)
	}
	if configuration == nil {
		return
	}
	e.mu.Lock()
	mode, told := e.state.onDrift, e.confLeft == configuration.Found
	e.confLeft = ""
	switch {
	case mode != dns.DriftReport:
		_ = d.named.startedWithConf()      // whatever it started with, it is to read it again
		e.state.settings.forwardsRemoved++ // which has named configured though the configuration is the same
	case string(text) != d.conf.rendered: // else named has read it just now
		e.confLeft = configuration.Found
	}
	e.mu.Unlock()
	configuration.Done = doneBy(mode)
	if mode == dns.DriftReport && told {
		return
	}
	e.metrics.drift.Inc()
	e.log.Warn("named's configuration was changed outside the log", "found", configuration.Found)
	e.notify()
	e.wakeDriver()
	e.tellSoon(*configuration)
}

// gaveConf notes that named runs a configuration of the engine's.
func (d *driver) gaveConf(rendered string) {
	d.conf.rendered, d.conf.configured = rendered, ""
	e := d.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	e.confLeft = ""
}

// confLeftLocked is the failure of a configuration whose drift is left, nil for none. The caller holds
// the lock.
func (e *Engine) confLeftLocked() *protocol.Failure {
	if e.confLeft == "" {
		return nil
	}
	return &protocol.Failure{Since: 1, Message: "drift is left as it is (configuration): found " + e.confLeft}
}

// ended tells that named has ended by itself.
func (e *Engine) ended(how string) {
	e.tellSoon(protocol.DriftFinding{What: dns.DriftProcess, Expected: "named runs", Found: "named has ended: " + how, Done: dns.DriftRepaired})
}

// fellSilent tells that named does not answer at an address any more. The caller holds the lock.
func (e *Engine) fellSilent(message string) {
	f := protocol.DriftFinding{What: dns.DriftProcess, Expected: "named answers", Found: message, Done: dns.DriftReported}.Shortened()
	ran := e.state.inventory.unapplied() == 0 // before, named may be starting for the first time
	if _, waits := e.drift.waiting[""]; e.cfg.Drift != nil && ran && !waits {
		e.drift.keep(f)
	}
}
