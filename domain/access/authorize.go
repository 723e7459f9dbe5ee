package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// May says whether the actor has the right. It knows what was loaded with the
// actor, see [LoadWhole] and [Actor.Hold], and the privileges made by hand that
// the right's targets name. It changes nothing, allocates nothing, and may be
// called from many goroutines.
func (a *Actor) May(r Right) bool {
	return a.covers(&r) && (a.mayAlone(&r) || a.mayByRole(&r))
}

// Require returns nil when the actor may, as [Actor.May] says, else a
// [domain.Error]: CodeUnauthenticated when the user does not exist,
// CodeForbidden otherwise.
func (a *Actor) Require(r Right) error {
	switch {
	case !a.covers(&r):
		return ErrOutside(a.credential.Name)
	case a.mayAlone(&r):
		return nil
	}
	return a.requireByRole(&r)
}

func (a *Actor) requireByRole(r *Right) error {
	if a.mayByRole(r) {
		return nil
	}
	return a.refusal(r)
}

// Authorize is [Actor.Require] for decisions on the log. It reads no more than it
// needs: at first nothing, then the roles that usually grant the right, then the
// other roles, then the privileges made by hand. Everything that it read guards
// the append.
func Authorize(h domain.History, a *Actor, r Right) error {
	switch {
	case a.mayAlone(&r):
		return nil
	case !a.state.registered, !r.givenByRoles():
		return a.refusal(&r)
	}
	var likely, others []int64
	for _, id := range a.state.roles {
		if r.usuallyBy(id) {
			likely = append(likely, id)
		} else {
			others = append(others, id)
		}
	}
	for _, ids := range [][]int64{likely, others} {
		if err := a.load(h, ids); err != nil {
			return err
		}
		if a.mayByRole(&r) {
			return nil
		}
	}
	if len(a.roles) == 0 {
		return a.refusal(&r)
	}
	if err := r.loadManual(h); err != nil {
		return err
	}
	return a.requireByRole(&r)
}

// Accessible says of each of some servers, views and zones whether the actor may ACCESS
// it. It reads what it needs in two round trips.
func Accessible(h domain.History, a *Actor, targets []Target) ([]bool, error) {
	if err := a.load(h, a.state.roles); err != nil {
		return nil, err
	}
	may := make([]bool, len(targets))
	for i, t := range targets {
		may[i] = a.May(On(t, OperationAccess))
	}
	if len(a.roles) == 0 || !slices.Contains(may, false) {
		return may, nil
	}
	targets = slices.Clone(targets)
	places := make([]*Target, len(targets))
	for i := range targets {
		places[i] = &targets[i]
	}
	if err := loadManual(h, places...); err != nil {
		return nil, err
	}
	for i, t := range targets {
		may[i] = a.May(On(t, OperationAccess))
	}
	return may, nil
}

// mayAlone says whether the actor has the right without regard to what roles
// other than admin grant.
func (a *Actor) mayAlone(r *Right) bool {
	switch {
	case a.id == domain.System:
		return true
	case !a.state.registered:
		return false
	case a.administers():
		return true
	}
	switch r.scope {
	case scopePermission:
		return slices.Contains(a.state.codes, int(r.number)) || slices.Contains(a.state.codes, CodeAdmin)
	case scopeTarget:
		return r.target.Creator == a.id
	case scopeRecord:
		return r.zone.Creator == a.id
	default:
		return false
	}
}

// mayByRole says whether one of the roles that were loaded gives the right.
func (a *Actor) mayByRole(r *Right) bool {
	for _, role := range a.roles {
		if r.grantedBy(role) {
			return true
		}
	}
	return false
}

// givenByRoles says whether a role other than admin can give the right at all.
func (r *Right) givenByRoles() bool { return r.scope != scopeAdmin && r.scope != scopePermission }

func (r *Right) grantedBy(role *Role) bool {
	switch r.scope {
	case scopeBuiltin:
		return role.holds(r.number)
	case scopeTarget:
		return role.grants(&r.target, r.operation) || role.grantsManually(&r.target, r.operation)
	case scopeRecord:
		o := ofZone(r.operation)
		return role.grants(&r.zone, o) || role.grantsManually(&r.zone, o) || role.grantsManually(&r.target, r.operation)
	default:
		return false
	}
}

// usuallyBy says whether the role is one of the built-in roles that exist for
// this kind of right.
func (r *Right) usuallyBy(role int64) bool {
	b, ok := builtinRole(role)
	if !ok {
		return false
	}
	switch r.scope {
	case scopeBuiltin:
		return slices.Contains(b.Privileges, r.number)
	case scopeTarget:
		return b.Kind == r.target.Kind && (!b.Guest || r.operation == OperationAccess)
	case scopeRecord:
		return b.Kind == r.zone.Kind && (!b.Guest || r.operation == OperationAccess)
	default:
		return false
	}
}

// loadManual reads the privileges made by hand that concern the right's targets.
func (r *Right) loadManual(h domain.History) error {
	switch r.scope {
	case scopeTarget:
		return loadManual(h, &r.target)
	case scopeRecord:
		return loadManual(h, &r.target, &r.zone)
	default:
		return nil
	}
}

// loadManual reads the privileges made by hand that concern some resources, in one round
// trip: those for the one resource, and those for zones of its name.
func loadManual(h domain.History, targets ...*Target) error {
	folds, patterns := make([]domain.Fold, len(targets), len(targets)+1), newZonePatterns()
	for i, t := range targets {
		folds[i] = newManualFold(t.Kind, t.ID)
	}
	if slices.ContainsFunc(targets, func(t *Target) bool { return t.Kind == KindZone }) {
		folds = append(folds, patterns)
	}
	if err := h.Load(folds...); err != nil {
		return err
	}
	for i, t := range targets {
		t.Manual = folds[i].(*manualFold).list(t.Name)
		if t.Kind == KindZone {
			t.Manual = append(t.Manual, patterns.list(t.Name)...)
		}
	}
	return nil
}

func (a *Actor) refusal(r *Right) error {
	if !a.state.registered {
		return domain.Unauthenticated()
	}
	return domain.Forbidden("无权限！缺少权限：%s", r.name(a))
}

// RequireCode is [Actor.Require] for a permission code of the operations
// dialect. It needs no role but admin, and so no Authorize.
func (a *Actor) RequireCode(code int) error { return a.Require(Permitted(code)) }
