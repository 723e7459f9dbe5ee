package dns

import (
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// Slaves have their zones from the masters that have an agent.
//
// Invariants:
//  1. No command makes a slave of the last master that has an agent.
//  2. No command deletes that master while slaves with an agent are left.
//
// Withdrawing an agent is left to whoever no longer trusts it. A server without an agent gives and takes nothing.

// othersInFleet returns the other servers that have an agent.
func (f *serverFold) othersInFleet(h domain.History) ([]*serverFold, error) {
	agents := &servingUntil{}
	if err := h.Load(agents); err != nil {
		return nil, err
	}
	var others []*serverFold
	var folds []domain.Fold
	for _, id := range slices.Sorted(maps.Keys(agents.enrolled)) {
		if id != f.id {
			other := newServerFold(id)
			others, folds = append(others, other), append(folds, other)
		}
	}
	if len(folds) == 0 {
		return nil, nil
	}
	return others, h.Load(folds...)
}

// mayBecome refuses to make a slave of the last master.
func (f *serverFold) mayBecome(h domain.History, after ServerData) error {
	if !f.enrolled || !f.data.IsMaster() || after.IsMaster() {
		return nil
	}
	others, err := f.othersInFleet(h)
	if err == nil && !slices.ContainsFunc(others, (*serverFold).isMaster) {
		err = domain.Invalid("dns_server_type", "修改失败! 最后一个master不能改为slave！")
	}
	return err
}

// mayGo refuses to delete the last master while there are slaves.
func (f *serverFold) mayGo(h domain.History) error {
	if !f.enrolled || !f.data.IsMaster() {
		return nil
	}
	others, err := f.othersInFleet(h)
	if err == nil && len(others) > 0 && !slices.ContainsFunc(others, (*serverFold).isMaster) {
		err = domain.Refused("删除失败! 最后一个master还有slave，请先将其中一个改为master，或删除它们！")
	}
	return err
}

func (f *serverFold) isMaster() bool { return f.data.IsMaster() }
