package dns

import "github.com/opsledger/opsledger/domain"

// BindConfChanged is a new version of the BIND main configuration.
type BindConfChanged struct {
	unkeyed
	// Text is the configuration with each key's secret replaced by a reference
	// to the vault, see [BindConf.CutSecrets].
	Text string `json:"text"`
	// Secrets are the ids of the vault entries that Text refers to.
	Secrets []string `json:"secrets,omitempty" hidden:"true"`
}

// EventType implements [domain.Event].
func (BindConfChanged) EventType() string { return "BindConfChanged" }

// Tags implements [domain.Event].
func (BindConfChanged) Tags() []domain.Tag { return []domain.Tag{TagBindConf} }
