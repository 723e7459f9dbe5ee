package access

import "github.com/opsledger/opsledger/domain"

// RecordLogin says that a user proved who they are, if they still exist: else
// the error has CodeUnauthenticated.
type RecordLogin struct{ ID domain.UserID }

// Decide implements [domain.Command].
func (c RecordLogin) Decide(h domain.History, _ domain.Env) ([]domain.Event, error) {
	user, err := Load(h, c.ID)
	if err != nil {
		return nil, err
	}
	if !user.Registered() {
		return nil, user.refusal(&Right{})
	}
	return []domain.Event{UserLoggedIn{ID: c.ID}}, nil
}

// RecordFailedLogin says that somebody did not prove who they are. It reads nothing.
type RecordFailedLogin struct{ Failed LoginFailed }

// Decide implements [domain.Command].
func (c RecordFailedLogin) Decide(domain.History, domain.Env) ([]domain.Event, error) {
	failed := c.Failed
	if failed.ID != 0 {
		failed.NameDigest = "" // the name is somebody's, and known
	}
	return []domain.Event{failed}, nil
}
