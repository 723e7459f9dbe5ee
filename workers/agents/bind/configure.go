package bind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/opsledger/opsledger/domain/dns"
)

// desiredSettings is what named's configuration is to be made of.
type desiredSettings struct {
	version, forwardsRemoved int
	views                    map[int64]dns.ViewData
	order                    []int64
	peers                    peers
	conf                     dns.BindConfChanged
	// rebuildViews asks for a reconfiguration although the configuration is the same.
	rebuildViews bool
}

// desiredSettings returns a copy of the wanted settings. The caller holds the lock.
func (e *Engine) desiredSettings() desiredSettings {
	s := e.state.settings
	views, order, conf := e.state.configuration()
	return desiredSettings{
		version: s.version, forwardsRemoved: s.forwardsRemoved, rebuildViews: s.forwardsRemoved != s.forwardsCleared,
		views: views, order: order, peers: e.state.peers, conf: conf,
	}
}

// establish makes named run with the wanted settings. If named refuses the main
// configuration, establish uses the last one that named took instead, so that
// views and ACLs do not wait, and returns the refusal as complaint.
func (d *driver) establish(ctx context.Context, want desiredSettings) (complaint, err error) {
	e := d.engine
	text, err := e.mainText(ctx, want.conf)
	if err == nil {
		err = d.try(ctx, text, want)
	}
	if err == nil {
		if err := e.layout.keep(e.layout.goodText(), []byte(text)); err != nil {
			e.log.Warn("cannot keep the last good configuration", "error", err)
		}
		return nil, nil
	}
	if !isDefinite(err) {
		return nil, err
	}
	for _, last := range e.fallbackTexts() {
		if last == text {
			continue
		}
		if d.try(ctx, last, want) == nil {
			return err, nil
		}
	}
	return nil, err
}

func (e *Engine) fallbackTexts() []string {
	good, err := os.ReadFile(e.layout.goodText())
	if err != nil {
		return []string{dns.DefaultBindConf}
	}
	return []string{string(good), dns.DefaultBindConf}
}

// mainText is the main configuration with its secrets filled in.
func (e *Engine) mainText(ctx context.Context, conf dns.BindConfChanged) (string, error) {
	if conf.Text == "" {
		return dns.DefaultBindConf, nil
	}
	secrets := map[string]string{}
	if len(conf.Secrets) > 0 && e.cfg.Secrets != nil {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		var err error
		if secrets, err = e.cfg.Secrets(ctx, conf.Secrets); err != nil {
			return "", &refusal{text: "fetch the configuration's secrets: " + err.Error()}
		}
	}
	text, err := dns.FillSecrets(conf.Text, secrets)
	if err != nil {
		return "", &refusal{text: err.Error()}
	}
	return text, nil
}

// try makes named run with a main configuration and the wanted views, and checks
// that it does. If anything fails, named and named.conf stay as they were.
func (d *driver) try(ctx context.Context, text string, want desiredSettings) error {
	e := d.engine
	e.mu.Lock()
	added := e.local.addViewKeys(sortedIDs(want.views))
	in := confInput{text: text, views: want.views, order: want.order, peers: want.peers, local: e.local, listen: e.listen, layout: e.layout}
	rendered, digest, err := renderConf(in)
	e.mu.Unlock()
	if err != nil {
		return &refusal{text: err.Error()}
	}
	if added {
		if err := e.local.save(e.layout); err != nil {
			return &refusal{text: err.Error()}
		}
	}
	if d.running == "" && d.askStatus(ctx) != nil {
		d.running = ""
	}
	if d.running == digest && !want.rebuildViews {
		if d.conf.rendered == "" {
			d.conf.rendered = rendered
		}
		return nil
	}
	err = d.replaceConf(ctx, text, rendered, digest, want)
	if err == nil {
		d.gaveConf(rendered)
	}
	return err
}

// replaceConf checks the configuration, puts it into named.conf and makes named
// read it. rendered is made of text, the main configuration.
func (d *driver) replaceConf(ctx context.Context, text, rendered, digest string, want desiredSettings) error {
	e := d.engine
	before, err := os.ReadFile(e.layout.conf())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return &refusal{text: err.Error()}
	}
	if e.cfg.Supervise && d.named.child == nil {
		e.seed(ctx) // before there is a named.conf: if the engine is stopped meanwhile, it seeds again
	}
	if string(before) != rendered {
		if err := e.putConf(ctx, text, rendered, want); err != nil {
			return err
		}
	}
	was := d.conf.rendered
	d.conf.rendered, d.conf.configured = rendered, "" // the engine's own, also if named ends before it says that it has read it
	if err := d.activate(ctx, digest, want); err != nil {
		if isDefinite(err) && before != nil {
			d.conf.rendered = was
			if err := e.layout.write(e.layout.conf(), before); err != nil {
				e.log.Error("cannot put the last good configuration back", "error", err)
			}
		}
		return err
	}
	return nil
}

// putConf replaces named.conf by a configuration that named-checkconf takes.
func (e *Engine) putConf(ctx context.Context, text, rendered string, want desiredSettings) error {
	if err := e.checkRendered(ctx, text, want.views, want.peers); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &refusal{text: err.Error()}
	}
	if err := e.layout.write(e.layout.conf(), []byte(rendered)); err != nil {
		return &refusal{text: err.Error()}
	}
	return nil
}

// activate makes named read its configuration, and asks named whether it did.
func (d *driver) activate(ctx context.Context, digest string, want desiredSettings) error {
	e := d.engine
	if d.running == "" {
		if e.cfg.Supervise {
			if err := d.named.start(ctx, e); err != nil {
				return err
			}
		}
		if err := d.askStatus(ctx); err != nil {
			return err // not running yet; it starts with the new file
		}
	}
	if d.running != digest || want.rebuildViews && !d.named.startedWithConf() {
		e.metrics.reconfigs.Inc()
		if _, err := e.control(ctx, "reconfig"); err != nil {
			return err
		}
		id, err := e.serverID(ctx)
		if err != nil {
			return err
		}
		d.running = id
	}
	if d.running != digest {
		return &refusal{text: fmt.Sprintf("named runs with configuration %q and not with %q", d.running, digest)}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state.settings.forwardsCleared = want.forwardsRemoved
	return nil
}

// parseStatus reads the "name: value" lines of named's status.
func parseStatus(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			out[name] = value
		}
	}
	return out
}
