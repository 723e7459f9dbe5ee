package access

import "github.com/opsledger/opsledger/domain"

// Within returns the actor as a credential lets them act. The credential must not change.
// It is for reads and for what replies show: writes are bounded by what they lead to, see
// package dns, Bounded.
func (a *Actor) Within(c *CredentialState) *Actor {
	bounded := *a
	bounded.credential = c
	return &bounded
}

func (a *Actor) narrow() bool { return a.credential != nil && a.credential.Restrict.Narrow() }

// covers says whether a right lies within the bounds of the credential that the actor acts
// with, whoever the actor is.
func (a *Actor) covers(r *Right) bool {
	c := a.credential
	if c == nil {
		return true
	}
	if r.scope == scopeRecord && c.View != 0 && r.view != c.View {
		return false
	}
	if !c.Restrict.Narrow() {
		return true
	}
	switch r.scope {
	case scopeTarget:
		return r.target.Kind == KindZone && r.operation != OperationDelete && c.Restrict.CoversZone(r.target.Name)
	case scopeRecord:
		return c.Restrict.CoversZone(r.zone.Name) && c.Restrict.CoversRecord(r.fullName, r.recordType)
	default:
		return false
	}
}

// ErrTakesLogin says that something takes a login, and no credential will do.
func ErrTakesLogin() error { return domain.Forbidden("无权限！这需要登录，不能用凭据") }

// ErrOutside says that something is outside of the bounds of a credential.
func ErrOutside(credential string) *domain.Error {
	return domain.Forbidden("无权限！超出凭据%s的范围", credential)
}
