package bind

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/wholefile"
)

// desiredSettings is what named's configuration is to be made of.
type desiredSettings struct {
	version, spent int
	views          map[int64]dns.ViewData
	conf           dns.BindConfChanged
	// renew asks for a reconfiguration although the configuration is the same.
	renew bool
}

// desiredSettings needs the lock.
func (e *Engine) desiredSettings() desiredSettings {
	s := e.ledger.settings
	return desiredSettings{
		version: s.version, spent: s.spent, renew: s.spent != s.renewed,
		views: maps.Clone(e.ledger.views), conf: e.ledger.conf,
	}
}

// establish has named run with what is wanted. When it would not take the main
// configuration, the last one that it took is used in its place, and complaint
// says why: views and ACLs do not wait for it.
func (d *driver) establish(ctx context.Context, want desiredSettings) (complaint, err error) {
	e := d.engine
	text, err := e.mainText(ctx, want.conf)
	if err == nil {
		err = d.try(ctx, text, want)
	}
	if err == nil {
		if err := e.layout.write(e.layout.goodText(), []byte(text)); err != nil {
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

// mainText is the main configuration with its secrets.
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

// try has named run with a main configuration and the wanted views, and sees
// that it does. Whatever fails, named and its file stay as they were.
func (d *driver) try(ctx context.Context, text string, want desiredSettings) error {
	e := d.engine
	e.mu.Lock()
	added := e.local.addViewKeys(sortedIDs(want.views))
	in := confInput{text: text, views: want.views, local: e.local, listen: e.listen, layout: e.layout}
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
	if d.running == "" && d.meet(ctx) != nil {
		d.running = ""
	}
	if d.running == digest && !want.renew {
		return nil
	}
	return d.swap(ctx, rendered, digest, want)
}

// swap checks the configuration, puts it in place and has named take it.
func (d *driver) swap(ctx context.Context, rendered, digest string, want desiredSettings) error {
	e := d.engine
	before, err := os.ReadFile(e.layout.conf())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return &refusal{text: err.Error()}
	}
	if e.cfg.Supervise && d.named.child == nil {
		e.seed(ctx) // before named has a configuration to start with: if interrupted, it begins anew
	}
	if string(before) != rendered {
		if err := e.place(ctx, rendered); err != nil {
			return err
		}
	}
	if err := d.activate(ctx, digest, want); err != nil {
		if isDefinite(err) && before != nil {
			if err := e.layout.write(e.layout.conf(), before); err != nil {
				e.log.Error("cannot put the last good configuration back", "error", err)
			}
		}
		return err
	}
	return nil
}

// place checks a configuration beside the one in place and then puts it there.
func (e *Engine) place(ctx context.Context, rendered string) error {
	staged := filepath.Join(e.layout.dir, "named.conf.new")
	if err := e.layout.write(staged, []byte(rendered)); err != nil {
		return &refusal{text: err.Error()}
	}
	if err := checkFile(ctx, e.cfg.CheckConfPath, e.layout.dir, staged); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &refusal{text: err.Error()}
	}
	if err := os.Rename(staged, e.layout.conf()); err != nil {
		return &refusal{text: err.Error()}
	}
	if err := wholefile.SyncFolder(e.layout.dir); err != nil {
		return &refusal{text: err.Error()}
	}
	return nil
}

// activate has named read its configuration, and reads back that it did.
func (d *driver) activate(ctx context.Context, digest string, want desiredSettings) error {
	e := d.engine
	if d.running == "" {
		if e.cfg.Supervise {
			if err := d.named.start(ctx, e); err != nil {
				return err
			}
		}
		if err := d.meet(ctx); err != nil {
			return err // not running yet; it starts with the new file
		}
	}
	if d.running != digest || want.renew && !d.named.fresh() {
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
	e.ledger.settings.renewed = want.spent
	return nil
}

// serverID asks named which configuration it runs with.
func (e *Engine) serverID(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	m := new(mdns.Msg)
	m.SetQuestion("id.server.", mdns.TypeTXT)
	m.Question[0].Qclass = mdns.ClassCHAOS
	reply, _, err := (&mdns.Client{Net: "tcp"}).ExchangeContext(ctx, m, e.dialAddr())
	if err != nil {
		return "", fmt.Errorf("ask named for its configuration: %w", err)
	}
	for _, rr := range reply.Answer {
		if txt, ok := rr.(*mdns.TXT); ok {
			return strings.Join(txt.Txt, ""), nil
		}
	}
	return "none", nil
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
