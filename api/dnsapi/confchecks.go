package dnsapi

import (
	"sync"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
)

// checksPerUser is how many configurations of one user are checked at a time.
const checksPerUser = 2

// errManyChecks: the user must wait for checks that the user asked for before.
const errManyChecks = api.Unavailable("two of your configurations are being checked already, try again")

// userChecks counts the configurations that are being checked for each user.
//
// Invariant: no user has more than checksPerUser. The zero value is ready.
type userChecks struct {
	mu       sync.Mutex
	underWay map[domain.UserID]int
}

// begin counts one more, until end is called.
func (u *userChecks) begin(user domain.UserID) (end func(), err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.underWay[user] >= checksPerUser {
		return nil, errManyChecks
	}
	if u.underWay == nil {
		u.underWay = map[domain.UserID]int{}
	}
	u.underWay[user]++
	return func() { u.end(user) }, nil
}

func (u *userChecks) end(user domain.UserID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.underWay[user]--; u.underWay[user] == 0 {
		delete(u.underWay, user)
	}
}
