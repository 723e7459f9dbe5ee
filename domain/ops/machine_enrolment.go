package ops

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// EnrollHost makes the named machine's agent trusted. It does nothing if the agent is
// enrolled already.
type EnrollHost struct{ name string }

// NewEnrollHost checks the machine's name.
func NewEnrollHost(name string) (EnrollHost, error) {
	return EnrollHost{name: name}, checkMachineName(name)
}

// Decide implements [domain.Command].
func (c EnrollHost) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	machine, err := loadMachine(h, env, c.name, access.CodeUpdateMachine, nil)
	if err != nil || machine.enrolled {
		return nil, err
	}
	return []domain.Event{HostEnrolled{ID: machine.id}}, nil
}

// WithdrawHost says that the named machine's agent is no longer trusted. It does
// nothing if the machine has none.
type WithdrawHost struct{ name string }

// NewWithdrawHost checks the machine's name.
func NewWithdrawHost(name string) (WithdrawHost, error) {
	return WithdrawHost{name: name}, checkMachineName(name)
}

// Decide implements [domain.Command].
func (c WithdrawHost) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	machine, err := loadMachine(h, env, c.name, access.CodeUpdateMachine, nil)
	if err != nil || !machine.enrolled {
		return nil, err
	}
	return []domain.Event{HostWithdrawn{ID: machine.id}}, nil
}
