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
func (a *Agent) desiredSettings() desiredSettings {
	s := a.ledger.settings
	return desiredSettings{
		version: s.version, spent: s.spent, renew: s.spent != s.renewed,
		views: maps.Clone(a.ledger.views), conf: a.ledger.conf,
	}
}

// establish has named run with what is wanted. When it would not take the main
// configuration, the last one that it took is used in its place, and complaint
// says why: views and ACLs do not wait for it.
func (d *driver) establish(ctx context.Context, want desiredSettings) (complaint, err error) {
	a := d.agent
	text, err := a.mainText(ctx, want.conf)
	if err == nil {
		err = d.try(ctx, text, want)
	}
	if err == nil {
		if err := a.layout.write(a.layout.goodText(), []byte(text)); err != nil {
			a.log.Warn("cannot keep the last good configuration", "error", err)
		}
		return nil, nil
	}
	if !isDefinite(err) {
		return nil, err
	}
	for _, last := range a.fallbackTexts() {
		if last == text {
			continue
		}
		if d.try(ctx, last, want) == nil {
			return err, nil
		}
	}
	return nil, err
}

func (a *Agent) fallbackTexts() []string {
	good, err := os.ReadFile(a.layout.goodText())
	if err != nil {
		return []string{dns.DefaultBindConf}
	}
	return []string{string(good), dns.DefaultBindConf}
}

// mainText is the main configuration with its secrets.
func (a *Agent) mainText(ctx context.Context, conf dns.BindConfChanged) (string, error) {
	if conf.Text == "" {
		return dns.DefaultBindConf, nil
	}
	secrets := map[string]string{}
	if len(conf.Secrets) > 0 && a.cfg.Secrets != nil {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		var err error
		if secrets, err = a.cfg.Secrets(ctx, conf.Secrets); err != nil {
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
	a := d.agent
	a.mu.Lock()
	added := a.local.addViewKeys(sortedIDs(want.views))
	in := confInput{text: text, views: want.views, local: a.local, listen: a.listen, layout: a.layout}
	rendered, digest, err := renderConf(in)
	a.mu.Unlock()
	if err != nil {
		return &refusal{text: err.Error()}
	}
	if added {
		if err := a.local.save(a.layout); err != nil {
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
	a := d.agent
	before, err := os.ReadFile(a.layout.conf())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return &refusal{text: err.Error()}
	}
	if a.cfg.Supervise && d.named.child == nil {
		a.seed(ctx) // before named has a configuration to start with: if interrupted, it begins anew
	}
	if string(before) != rendered {
		if err := a.place(ctx, rendered); err != nil {
			return err
		}
	}
	if err := d.activate(ctx, digest, want); err != nil {
		if isDefinite(err) && before != nil {
			if err := a.layout.write(a.layout.conf(), before); err != nil {
				a.log.Error("cannot put the last good configuration back", "error", err)
			}
		}
		return err
	}
	return nil
}

// place checks a configuration beside the one in place and then puts it there.
func (a *Agent) place(ctx context.Context, rendered string) error {
	staged := filepath.Join(a.layout.dir, "named.conf.new")
	if err := a.layout.write(staged, []byte(rendered)); err != nil {
		return &refusal{text: err.Error()}
	}
	if err := checkFile(ctx, a.cfg.CheckConfPath, a.layout.dir, staged); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &refusal{text: err.Error()}
	}
	if err := os.Rename(staged, a.layout.conf()); err != nil {
		return &refusal{text: err.Error()}
	}
	if err := wholefile.SyncFolder(a.layout.dir); err != nil {
		return &refusal{text: err.Error()}
	}
	return nil
}

// activate has named read its configuration, and reads back that it did.
func (d *driver) activate(ctx context.Context, digest string, want desiredSettings) error {
	a := d.agent
	if d.running == "" {
		if a.cfg.Supervise {
			if err := d.named.start(ctx, a); err != nil {
				return err
			}
		}
		if err := d.meet(ctx); err != nil {
			return err // not running yet; it starts with the new file
		}
	}
	if d.running != digest || want.renew && !d.named.fresh() {
		a.metrics.reconfigs.Inc()
		if _, err := a.control(ctx, "reconfig"); err != nil {
			return err
		}
		id, err := a.serverID(ctx)
		if err != nil {
			return err
		}
		d.running = id
	}
	if d.running != digest {
		return &refusal{text: fmt.Sprintf("named runs with configuration %q and not with %q", d.running, digest)}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ledger.settings.renewed = want.spent
	return nil
}

// serverID asks named which configuration it runs with.
func (a *Agent) serverID(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	m := new(mdns.Msg)
	m.SetQuestion("id.server.", mdns.TypeTXT)
	m.Question[0].Qclass = mdns.ClassCHAOS
	reply, _, err := (&mdns.Client{Net: "tcp"}).ExchangeContext(ctx, m, a.dialAddr())
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
