package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// UndoBindConf brings the BIND main configuration back to what it was before an event.
//
// Invariants:
//  1. It needs the right to change the configuration.
//  2. It holds only while the configuration is as the event left it, but for its secrets.
//  3. No earlier secret comes back: a key has the secret that the key of its name has now.
type UndoBindConf struct{ after, before string }

// NewUndoBindConf returns the command for an event; former is the one before it, nil for none.
func NewUndoBindConf(e BindConfChanged, former domain.Event) UndoBindConf {
	before, is := former.(BindConfChanged)
	if !is {
		before.Text = DefaultBindConf
	}
	return UndoBindConf{after: e.Text, before: before.Text}
}

// Final says that nothing can be undone: the event changed secrets alone, or took a key away,
// whose secret does not come back.
func (c UndoBindConf) Final() bool {
	if sameButSecrets(c.before, c.after) {
		return true
	}
	_, err := c.On(c.after)
	return err != nil
}

// On is the configuration that comes of the present one, which has the secrets.
func (c UndoBindConf) On(now string) (text string, err error) {
	present, err := parseBindConf(now, storedForm)
	if err != nil {
		return "", err
	}
	secrets := map[string]string{}
	for _, s := range present.secretElements() {
		secrets[s.owner] = s.Text
	}
	before, err := parseBindConf(c.before, storedForm)
	if err != nil {
		return "", err
	}
	return before.replaceSecrets(func(s confSecret) (string, error) {
		secret, known := secrets[s.owner]
		if !known {
			return "", domain.Refused("a secret that the BIND configuration had before does not come back")
		}
		return secret, nil
	})
}

// Decide implements [domain.Command].
func (c UndoBindConf) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, current := access.NewActor(env.Actor), &bindConfFold{}
	if err := h.Load(actor, current); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.EditBindConf()); err != nil {
		return nil, err
	}
	if !sameButSecrets(current.text, c.after) {
		return nil, domain.Changed(current.changed, "the BIND configuration was changed since")
	}
	text, err := c.On(current.text)
	if err != nil {
		return nil, err
	}
	conf, err := parseBindConf(text, storedForm)
	if err != nil {
		return nil, err
	}
	return []domain.Event{BindConfChanged{Text: text, Secrets: conf.references()}}, nil
}

// sameButSecrets says whether two configurations differ in their secrets at most.
func sameButSecrets(a, b string) bool {
	blank := func(text string) string {
		if conf, err := parseBindConf(text, storedForm); err == nil {
			text, _ = conf.replaceSecrets(func(confSecret) (string, error) { return "", nil })
		}
		return text
	}
	return a == b || blank(a) == blank(b)
}
