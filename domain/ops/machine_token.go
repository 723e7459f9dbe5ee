package ops

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// AddHostToken makes a token by which a host enrols the named machine's agent.
type AddHostToken struct {
	name string
	access.NewEnrolmentToken
}

// NewAddHostToken checks the machine's name.
func NewAddHostToken(name string, t access.NewEnrolmentToken) (AddHostToken, error) {
	return AddHostToken{name, t}, checkMachineName(name)
}

// Decide implements [domain.Command].
func (c AddHostToken) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	machine, err := loadMachine(h, env, c.name, access.CodeUpdateMachine, nil)
	if err != nil {
		return nil, err
	}
	return c.For(h, env, machine.enrolmentTarget())
}

func (f *machineFold) enrolmentTarget() access.EnrolmentTarget {
	return access.EnrolmentTarget{Kind: access.EnrolMachine, ID: f.id, Name: f.data.Name}
}

// RevokeHostToken ends a token of a machine. It does nothing if the token has ended.
type RevokeHostToken struct{ id domain.CredentialID }

// NewRevokeHostToken returns the command.
func NewRevokeHostToken(id domain.CredentialID) RevokeHostToken { return RevokeHostToken{id} }

// Decide implements [domain.Command].
func (c RevokeHostToken) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	token, err := access.LoadEnrolmentToken(h, env, c.id, access.EnrolMachine)
	if err != nil {
		return nil, err
	}
	actor := access.NewActor(env.Actor)
	if err := h.Load(actor); err != nil {
		return nil, err
	}
	if err := actor.RequireCode(access.CodeUpdateMachine); err != nil {
		return nil, err
	}
	return token.Revoke(), nil
}

// RedeemHostToken enrols the machine's agent by a token, in its maker's name, and ends the token. An agent that was
// trusted before is trusted no longer.
type RedeemHostToken struct{ redemption access.Redemption }

// NewRedeemHostToken returns the command.
func NewRedeemHostToken(r access.Redemption) RedeemHostToken { return RedeemHostToken{r} }

// Decide implements [domain.Command].
func (c RedeemHostToken) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	target, ended, err := c.redemption.Decide(h, env)
	if err != nil {
		return nil, err
	}
	actor, machine := access.NewActor(env.Actor), newMachineFold(target.ID)
	if err := h.Load(actor, machine); err != nil {
		return nil, err
	}
	if err := actor.RequireCode(access.CodeUpdateMachine); err != nil {
		return nil, err
	}
	if !machine.exists {
		return nil, access.ErrEnrolmentToken()
	}
	var events []domain.Event
	if machine.enrolled {
		events = append(events, HostWithdrawn{ID: machine.id})
	}
	return append(events, HostEnrolled{ID: machine.id, Key: c.redemption.Key()}, ended), nil
}
