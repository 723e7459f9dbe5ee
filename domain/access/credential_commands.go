package access

import (
	"slices"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// CredentialInput is what a request says about a new credential.
type CredentialInput struct {
	Name *string
	Kind *string
	// User is a service user, nil for the caller.
	User *domain.UserID
	// View finds the view that the credential is for, nil for all views.
	View      ViewNamed
	Algorithm *string
	Expires   *time.Time
	Restrict  Restriction
}

// ViewNamed is a fold that finds a view by its name.
type ViewNamed interface {
	domain.Fold
	// HeldBy is the view's id, 0 where no view has the name.
	HeldBy() int64
}

// tsigAlgorithms are those that DNS messages may be signed with (RFC 8945, section 6). The
// first is taken where none was given.
var tsigAlgorithms = []string{"hmac-sha256", "hmac-sha384", "hmac-sha512"}

// maxCredentialName leaves room in a label for the id that a TSIG key's name ends in.
const maxCredentialName = 40

// AddCredential lets a program act for a user.
//
// Invariants:
//  1. Only who has logged in makes, ends and lists credentials; no credential does.
//  2. A credential is its maker's, or that of a service user whose password the maker could
//     set if it had one.
//  3. A credential bounds its user and adds nothing: see package bounds.
type AddCredential struct {
	event CredentialAdded
	user  *domain.UserID
	view  ViewNamed
}

// NewAddCredential checks the form of a new credential. What the program will show is made
// when the form is good, see [AddCredential.WithToken] and [AddCredential.WithSecret].
func NewAddCredential(in CredentialInput, now time.Time) (c AddCredential, err error) {
	c.user, c.view = in.User, in.View
	if c.event.Name, err = parseCredentialName(in.Name); err != nil {
		return c, err
	}
	if c.event.Kind, c.event.Algorithm, err = parseKind(in.Kind, in.Algorithm); err != nil {
		return c, err
	}
	if in.Expires != nil {
		expires := in.Expires.UTC().Truncate(time.Second)
		if !expires.After(now) {
			return c, domain.Invalid("expires_at", "必须是将来的时间！")
		}
		c.event.Expires = &expires
	}
	c.event.Restrict, err = in.Restrict.parse()
	return c, err
}

// WithToken returns the command for a token with the digest.
func (c AddCredential) WithToken(digest string) AddCredential {
	c.event.Digest = digest
	return c
}

// WithSecret returns the command for a TSIG key whose secret has the id in the vault.
func (c AddCredential) WithSecret(id string) AddCredential {
	c.event.Secret = id
	return c
}

// Kind is that of the credential.
func (c AddCredential) Kind() string { return c.event.Kind }

// Algorithm is that of a TSIG key.
func (c AddCredential) Algorithm() string { return c.event.Algorithm }

// parseCredentialName checks the name, which is a part of a TSIG key's name in the DNS.
func parseCredentialName(name *string) (string, error) {
	if name == nil {
		return "", domain.Invalid("name", "不能为空！")
	}
	plain := func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	text := *name
	if text == "" || len(text) > maxCredentialName || slices.ContainsFunc([]rune(text), plain) ||
		text[0] == '.' || text[0] == '-' || text[len(text)-1] == '.' || slices.Contains(splitLabels(text), "") {
		return "", domain.Invalid("name", "必须由1到%d个字母、数字、“.”、“-”或“_”组成！", maxCredentialName)
	}
	return text, nil
}

func parseKind(kind, algorithm *string) (string, string, error) {
	switch {
	case kind == nil:
		return "", "", domain.Invalid("kind", "必须是token或tsig！")
	case *kind == CredentialToken && algorithm == nil:
		return CredentialToken, "", nil
	case *kind == CredentialToken:
		return "", "", domain.Invalid("algorithm", "只用于tsig！")
	case *kind != CredentialTSIG:
		return "", "", domain.Invalid("kind", "必须是token或tsig！")
	case algorithm == nil:
		return CredentialTSIG, tsigAlgorithms[0], nil
	case !slices.Contains(tsigAlgorithms, *algorithm):
		return "", "", domain.Invalid("algorithm", "必须是hmac-sha256、hmac-sha384或hmac-sha512！")
	default:
		return CredentialTSIG, *algorithm, nil
	}
}

// Allocates implements [domain.Allocator].
func (AddCredential) Allocates() []domain.Sequence {
	return []domain.Sequence{domain.SequenceCredential}
}

// Decide implements [domain.Command].
func (c AddCredential) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	event := c.event
	event.User = env.Actor
	if c.user != nil {
		event.User = *c.user
	}
	actor, user, others := NewActor(env.Actor), NewUser(event.User), newUserCredentials(event.User)
	folds := []domain.Fold{actor, user, others}
	if c.view != nil {
		folds = append(folds, c.view)
	}
	if err := h.Load(folds...); err != nil {
		return nil, err
	}
	if err := requireCredentialsOf(h, env, actor, user); err != nil {
		return nil, err
	}
	if c.view != nil {
		if event.View = c.view.HeldBy(); event.View == 0 {
			return nil, domain.Invalid("view", "View不存在！")
		}
	}
	if others.holding(env.Now) >= maxUserCredentials {
		return nil, domain.Refused("一个用户最多有%d个凭据！", maxUserCredentials)
	}
	event.ID = domain.CredentialID(env.NextID(domain.SequenceCredential))
	return append(others.endExpired(env.Now), event), nil
}

// requireCredentialsOf refuses if the actor may not say who acts for the user.
func requireCredentialsOf(h domain.History, env domain.Env, actor *Actor, user *User) error {
	switch {
	case env.Credential != 0:
		return ErrTakesLogin()
	case !actor.Registered():
		return domain.Unauthenticated()
	case actor.id == user.id:
		return nil
	}
	if err := Authorize(h, actor, Permitted(CodeUpdateUser)); err != nil {
		return err
	}
	if !user.Exists {
		return domain.Invalid("user_id", "User %d 不存在！", user.id)
	}
	if user.Source != SourceService {
		return domain.Invalid("user_id", "只能是服务用户！")
	}
	return checkOutranks(h, actor, user)
}

// DeleteCredential ends a credential: one's own, or that of a user whom the actor may
// update and who has nothing that the actor lacks.
type DeleteCredential struct{ id domain.CredentialID }

// NewDeleteCredential returns the command; ids start at 1.
func NewDeleteCredential(id domain.CredentialID) (DeleteCredential, error) {
	if id <= 0 {
		return DeleteCredential{}, noCredential(id)
	}
	return DeleteCredential{id: id}, nil
}

// Decide implements [domain.Command]. Whose credential it is not is told that there is none.
func (c DeleteCredential) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	actor, credential := NewActor(env.Actor), NewCredential(c.id)
	if err := h.Load(actor, credential); err != nil {
		return nil, err
	}
	switch {
	case env.Credential != 0:
		return nil, ErrTakesLogin()
	case !actor.Registered():
		return nil, domain.Unauthenticated()
	case !credential.Live:
		return nil, noCredential(c.id)
	}
	if credential.User != env.Actor {
		if err := Authorize(h, actor, Permitted(CodeUpdateUser)); err != nil {
			return nil, noCredential(c.id)
		}
		if err := RequireOutranks(h, actor, credential.User); err != nil {
			return nil, err
		}
	}
	return []domain.Event{deletion(c.id, credential.CredentialState)}, nil
}

func noCredential(id domain.CredentialID) error {
	return domain.NotFound("Credential %d 不存在！", id)
}
