package bind

import (
	"os"

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
}

// look compares what named says of itself with what is known. It returns what is drift, nil for none.
func (c *confWatch) look(status map[string]string, text string, starts int) (configuration, process *protocol.DriftFinding) {
	configured, boot := status["last configured"], status["boot time"]
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
	c.boot, c.starts, c.configured = boot, starts, configured
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
	configuration, process := d.conf.look(status, string(text), d.named.starts)
	if process != nil {
		e.tellSoon(*process)
	}
	if configuration == nil {
		return
	}
	e.mu.Lock()
	mode := e.state.onDrift
	told := e.confLeft == configuration.Found
	if e.confLeft = ""; mode == dns.DriftReport {
		e.confLeft = configuration.Found
	} else {
		e.state.settings.forwardsRemoved++ // which has named configured though the configuration is the same
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
	if _, waits := e.drift.waiting[""]; e.cfg.Drift != nil && !waits {
		e.drift.keep(f)
	}
}
