package ops

import "github.com/opsledger/opsledger/domain"

// UserKeysChanged says which public keys a user has from now on, each in the
// form "type base64", without a comment.
type UserKeysChanged struct {
	User   domain.UserID `json:"user"`
	Before []string      `json:"before"`
	After  []string      `json:"after"`
}

// AccountGranted says that a user may log in to a system account of a machine.
type AccountGranted struct {
	User     domain.UserID `json:"user"`
	Username string        `json:"username"`
	Machine  int64         `json:"machine"`
	// IP is the address that the client named the machine by.
	IP      string `json:"ip"`
	Account string `json:"account"`
}

// AccountRevoked says that a user may no longer log in to an account.
type AccountRevoked struct {
	User     domain.UserID `json:"user"`
	Username string        `json:"username"`
	Machine  int64         `json:"machine"`
	Account  string        `json:"account"`
}

// AccountKeysSet tells a machine the whole set of keys that open a system account. It
// accompanies each change of a grant or of a granted user's keys.
type AccountKeysSet struct {
	Machine int64        `json:"machine"`
	Account string       `json:"account"`
	Keys    []AccountKey `json:"keys"`
}

// AccountKey is a key of one user.
type AccountKey struct {
	User     domain.UserID `json:"user"`
	Username string        `json:"username"`
	Key      string        `json:"key"`
}

// EventType implements [domain.Event].
func (UserKeysChanged) EventType() string { return "UserKeysChanged" }
func (AccountGranted) EventType() string  { return "AccountGranted" }
func (AccountRevoked) EventType() string  { return "AccountRevoked" }
func (AccountKeysSet) EventType() string  { return "AccountKeysSet" }

// SubjectKey implements [domain.Event].
func (UserKeysChanged) SubjectKey() int64  { return 0 }
func (e AccountGranted) SubjectKey() int64 { return e.Machine }
func (e AccountRevoked) SubjectKey() int64 { return e.Machine }
func (e AccountKeysSet) SubjectKey() int64 { return e.Machine }

// Tags implements [domain.Event].
func (e UserKeysChanged) Tags() []domain.Tag { return []domain.Tag{TagUserKeys(e.User)} }
func (e AccountGranted) Tags() []domain.Tag {
	return []domain.Tag{TagUserKeys(e.User), TagAccount(e.Machine, e.Account), TagMachineAccounts(e.Machine)}
}
func (e AccountRevoked) Tags() []domain.Tag {
	return []domain.Tag{TagUserKeys(e.User), TagAccount(e.Machine, e.Account), TagMachineAccounts(e.Machine)}
}
func (e AccountKeysSet) Tags() []domain.Tag {
	return []domain.Tag{TagAccount(e.Machine, e.Account)}
}

// Grant implements [access.AccountGrant].
func (e AccountGranted) Grant() (account string, held bool) {
	return string(TagAccount(e.Machine, e.Account)), true
}
func (e AccountRevoked) Grant() (account string, held bool) {
	return string(TagAccount(e.Machine, e.Account)), false
}

// TakesLogin implements [access.TakesLogin]. Keys that go take nothing.
func (e UserKeysChanged) TakesLogin() bool { return len(e.After) > 0 }

// TakesLogin implements [access.TakesLogin].
func (AccountGranted) TakesLogin() bool { return true }
