package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// AddServerToken makes a token by which a host enrols the server's agent.
type AddServerToken struct {
	id int64
	access.NewEnrolmentToken
}

// NewAddServerToken returns the command; ids start at 1.
func NewAddServerToken(server int64, t access.NewEnrolmentToken) (AddServerToken, error) {
	return AddServerToken{server, t}, checkID("Server", server)
}

// Decide implements [domain.Command].
func (c AddServerToken) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	server, err := loadServerToEnrol(h, env, c.id)
	if err != nil {
		return nil, err
	}
	return c.For(h, env, server.enrolmentTarget())
}

// loadServerToEnrol returns a server that exists to an administrator: an agent gets all zones, and the secrets of the
// configuration, so that nobody else may bring one in.
func loadServerToEnrol(h domain.History, env domain.Env, id int64) (*serverFold, error) {
	actor, server := access.NewActor(env.Actor), newServerFold(id)
	if err := h.Load(actor, server); err != nil {
		return nil, err
	}
	if !server.exists {
		return nil, notFound("Server", id)
	}
	return server, access.Authorize(h, actor, access.Administer())
}

func (f *serverFold) enrolmentTarget() access.EnrolmentTarget {
	return access.EnrolmentTarget{Kind: access.EnrolServer, ID: f.id, Name: f.data.Host}
}

// RevokeServerToken ends a token of a server. It does nothing if the token has ended.
type RevokeServerToken struct{ id domain.CredentialID }

// NewRevokeServerToken returns the command.
func NewRevokeServerToken(id domain.CredentialID) RevokeServerToken { return RevokeServerToken{id} }

// Decide implements [domain.Command].
func (c RevokeServerToken) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	token, err := access.LoadEnrolmentToken(h, env, c.id, access.EnrolServer)
	if err != nil {
		return nil, err
	}
	if _, err := loadServer(h, env, token.Target.ID, access.OperationUpdate, nil); err != nil {
		return nil, err
	}
	return token.Revoke(), nil
}

// RedeemServerToken enrols the server's agent by a token, in its maker's name, and ends the token. An agent that was
// trusted before is trusted no longer.
type RedeemServerToken struct{ redemption access.Redemption }

// NewRedeemServerToken returns the command.
func NewRedeemServerToken(r access.Redemption) RedeemServerToken { return RedeemServerToken{r} }

// Decide implements [domain.Command].
func (c RedeemServerToken) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	target, ended, err := c.redemption.Decide(h, env)
	if err != nil {
		return nil, err
	}
	server, err := loadServerToEnrol(h, env, target.ID)
	if err != nil {
		return nil, err
	}
	var events []domain.Event
	if server.enrolled {
		events = append(events, ServerWithdrawn{ID: server.id})
	}
	return append(events, ServerEnrolled{ID: server.id, Unproved: true, Key: c.redemption.Key()}, ended), nil
}
