package dns

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// EnrollServer says that a server has an agent. It does nothing if it has one.
type EnrollServer struct{ id int64 }

// NewEnrollServer returns the command; ids start at 1.
func NewEnrollServer(id int64) (EnrollServer, error) {
	return EnrollServer{id: id}, checkID("Server", id)
}

// Decide implements [domain.Command].
func (c EnrollServer) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	server, err := loadServer(h, env, c.id, access.OperationUpdate, nil)
	if err != nil || server.enrolled {
		return nil, err
	}
	return []domain.Event{ServerEnrolled{ID: c.id, Unproved: true}}, nil
}

// ProveServer says that a server serves all of the log up to a position. It does nothing if the
// server served before, or if that is not all since the server's own last event: what an agent has
// proved before it was enrolled anew is not proved by the new one.
type ProveServer struct {
	id int64
	at domain.Position
}

// NewProveServer returns the command; ids start at 1.
func NewProveServer(id int64, at domain.Position) (ProveServer, error) {
	return ProveServer{id: id, at: at}, checkID("Server", id)
}

// Decide implements [domain.Command].
func (c ProveServer) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	server, err := loadServer(h, env, c.id, access.OperationUpdate, nil)
	if err != nil || !server.enrolled || server.serves || server.changed > c.at {
		return nil, err
	}
	return []domain.Event{ServerProved{ID: c.id}}, nil
}

// WithdrawServer says that a server's agent is no longer trusted nor counted.
// It does nothing if the server has none.
type WithdrawServer struct{ id int64 }

// NewWithdrawServer returns the command; ids start at 1.
func NewWithdrawServer(id int64) (WithdrawServer, error) {
	return WithdrawServer{id: id}, checkID("Server", id)
}

// Decide implements [domain.Command].
func (c WithdrawServer) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	server, err := loadServer(h, env, c.id, access.OperationUpdate, nil)
	if err != nil || !server.enrolled {
		return nil, err
	}
	return []domain.Event{ServerWithdrawn{ID: c.id}}, nil
}
