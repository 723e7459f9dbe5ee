package protocol

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
)

// SubjectHostOffers is where a host says what it offers, [HostOffers], as a request that is
// answered with an [OffersReceipt].
func SubjectHostOffers(host int64) string { return fmt.Sprintf("host.%d.offers", host) }

// SubjectAllHostOffers matches every host's offers.
const SubjectAllHostOffers = "host.*.offers"

// Limits of offers.
const (
	// MaxOffers bounds a [HostOffers], in bytes.
	MaxOffers = 64 << 10
	// MaxActions bounds the actions, MaxTargets the targets of each, and MaxVersions the
	// versions of each target.
	MaxActions  = 256
	MaxTargets  = 256
	MaxVersions = 50
)

// HostOffers is what a host's configuration lets tasks do there. The newest replaces all
// before.
type HostOffers struct {
	Log     uuid.UUID     `json:"log"`
	Actions []ActionOffer `json:"actions"`
	// More says that there are actions that did not fit.
	More bool `json:"more,omitempty"`
}

// ActionOffer is an action that tasks may have done.
type ActionOffer struct {
	Action string `json:"action"`
	// Any says that the action, a program, takes any target; Targets are those of others.
	Any     bool          `json:"any,omitempty"`
	Targets []TargetOffer `json:"targets,omitempty"`
	// More says that there are targets that did not fit.
	More bool `json:"more,omitempty"`
}

// TargetOffer is a target of an action.
type TargetOffer struct {
	Target string `json:"target"`
	// Versions are releases of the target, the newest first, nil where they are not known.
	// There may be others.
	Versions []string `json:"versions,omitempty"`
}

// OffersReceipt says that the control plane has the offers, or why not.
type OffersReceipt struct {
	Error string `json:"error,omitempty"`
}

// ReadHostOffers reads and bounds a host's offers.
func ReadHostOffers(data []byte) (HostOffers, error) {
	var wire struct {
		HostOffers
		Actions json.RawMessage `json:"actions"`
	}
	if err := read(data, MaxOffers, &wire); err != nil {
		return HostOffers{}, err
	}
	o := wire.HostOffers
	var err error
	if o.Actions, err = readList[ActionOffer](wire.Actions, MaxActions); err != nil {
		return HostOffers{}, fmt.Errorf("actions: %w", err)
	}
	for _, a := range o.Actions {
		if a.Action == "" || len(a.Targets) > MaxTargets {
			return HostOffers{}, fmt.Errorf("actions: one without a name, or with more than %d targets", MaxTargets)
		}
	}
	o.cut()
	return o, nil
}

// cut bounds texts and lists. The caller owns the lists.
func (o *HostOffers) cut() {
	o.More = o.More || len(o.Actions) > MaxActions
	o.Actions = o.Actions[:min(len(o.Actions), MaxActions)]
	for i := range o.Actions {
		a := &o.Actions[i]
		a.Action = Cut(a.Action, MaxName)
		a.More = a.More || len(a.Targets) > MaxTargets
		a.Targets = a.Targets[:min(len(a.Targets), MaxTargets)]
		for j := range a.Targets {
			t := &a.Targets[j]
			t.Target = Cut(t.Target, MaxName)
			t.Versions = t.Versions[:min(len(t.Versions), MaxVersions)]
			for k := range t.Versions {
				t.Versions[k] = Cut(t.Versions[k], MaxVersion)
			}
		}
	}
}

// Encode encodes the offers within their limits. What does not fit is left out, and said to
// be: first versions, then targets, then actions. The offers are the caller's no more.
func (o HostOffers) Encode() ([]byte, error) {
	o.cut()
	for _, leave := range []func() bool{o.leaveVersions, o.leaveTargets} {
		payload, err := json.Marshal(o)
		if err != nil || len(payload) <= MaxOffers {
			return payload, err
		}
		for leave() {
			if payload, err = json.Marshal(o); err != nil || len(payload) <= MaxOffers {
				return payload, err
			}
		}
	}
	for {
		payload, err := json.Marshal(o)
		if err != nil || len(payload) <= MaxOffers || len(o.Actions) == 0 {
			return payload, err
		}
		o.Actions, o.More = o.Actions[:len(o.Actions)/2], true
	}
}

// leaveVersions leaves half of the versions of each target out, and says whether there were
// any.
func (o HostOffers) leaveVersions() (some bool) {
	for _, a := range o.Actions {
		for j := range a.Targets {
			t := &a.Targets[j]
			some = some || len(t.Versions) > 0
			t.Versions = t.Versions[:len(t.Versions)/2]
		}
	}
	return some
}

func (o HostOffers) leaveTargets() (some bool) {
	for i := range o.Actions {
		if a := &o.Actions[i]; len(a.Targets) > 0 {
			some, a.More, a.Targets = true, true, a.Targets[:len(a.Targets)/2]
		}
	}
	return some
}

// Refusal returns a [domain.Error] for an order that the host is known not to offer: it
// names the field, and what is offered instead.
func (o HostOffers) Refusal(machine string, order ops.Order) error {
	at := slices.IndexFunc(o.Actions, func(a ActionOffer) bool { return a.Action == order.Action })
	if at < 0 {
		if o.More {
			return nil
		}
		return domain.Invalid("action", "机器%s没有提供操作%s，只提供%s！", machine, order.Action,
			some(o.Actions, func(a ActionOffer) string { return a.Action }))
	}
	a := o.Actions[at]
	if a.Any || a.More || slices.ContainsFunc(a.Targets, func(t TargetOffer) bool { return t.Target == order.Target }) {
		return nil
	}
	return domain.Invalid("target", "机器%s没有提供%s操作的目标%s，只提供%s！", machine, order.Action, order.Target,
		some(a.Targets, func(t TargetOffer) string { return t.Target }))
}

// some names the first things of a list.
func some[T any](list []T, name func(T) string) string {
	const most = 20
	if len(list) == 0 {
		return "-"
	}
	var names []string
	for _, item := range list[:min(len(list), most)] {
		names = append(names, name(item))
	}
	text := strings.Join(names, ", ")
	if len(list) > most {
		text += fmt.Sprintf(" and %d more", len(list)-most)
	}
	return text
}
