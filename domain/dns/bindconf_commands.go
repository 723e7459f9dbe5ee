package dns

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// ChangeBindConf replaces the BIND main configuration.
//
// Invariants:
//  1. The text passes [BindConf.Validate].
//  2. The text holds no secret in clear, and every vault entry that it refers
//     to is listed.
type ChangeBindConf struct {
	text    string
	secrets []string
	ifMatch *domain.Position
}

// NewChangeBindConf takes a text as [BindConf.CutSecrets] returns it, with the
// ids of its secrets. If-Match is the position of the version before, 0 for the default.
func NewChangeBindConf(text string, secrets []string, ifMatch *domain.Position) (ChangeBindConf, error) {
	conf, err := parseBindConf(text, strictForm)
	if err != nil {
		return ChangeBindConf{}, err
	}
	if err := conf.Validate(); err != nil {
		return ChangeBindConf{}, err
	}
	if !slices.Equal(conf.references(), secrets) {
		return ChangeBindConf{}, domain.Invalid("bind_conf", "密钥引用与文本不一致！")
	}
	return ChangeBindConf{text: text, secrets: secrets, ifMatch: ifMatch}, nil
}

// Decide implements [domain.Command].
func (c ChangeBindConf) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, current := access.NewActor(env.Actor), &bindConfFold{}
	if err := h.Load(actor, current); err != nil {
		return nil, err
	}
	if err := access.Authorize(h, actor, access.EditBindConf()); err != nil {
		return nil, err
	}
	if err := domain.CheckVersion(c.ifMatch, current.changed); err != nil {
		return nil, err
	}
	if current.changed != 0 && current.text == c.text {
		return nil, nil
	}
	return []domain.Event{BindConfChanged{Text: c.text, Secrets: c.secrets}}, nil
}

// bindConfFold is the current version of the configuration.
type bindConfFold struct{ bindConfState }

type bindConfState struct {
	text    string
	secrets []string
	changed domain.Position
}

// Item implements [domain.Fold].
func (*bindConfFold) Item() domain.Item {
	return domain.Item{Tag: TagBindConf, Types: []string{BindConfChanged{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *bindConfFold) Apply(r domain.Recorded) {
	if e, ok := r.Event.(BindConfChanged); ok {
		f.text, f.secrets, f.changed = e.Text, e.Secrets, r.Position
	}
}

// Snapshot implements [domain.Fold].
func (f *bindConfFold) Snapshot() any { return f.bindConfState }

// Restore implements [domain.Fold].
func (f *bindConfFold) Restore(s any) { f.bindConfState = s.(bindConfState) }
