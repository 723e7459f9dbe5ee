package access

import (
	"time"

	"github.com/opsledger/opsledger/domain"
)

const (
	// How long a token may be redeemed, unless its maker says otherwise.
	enrolmentLasts = time.Hour
	// leastEnrolment and mostEnrolment bound that.
	leastEnrolment, mostEnrolment = time.Minute, 7 * 24 * time.Hour
	// maxEnrolmentTokens bounds the tokens of one server or machine that may be redeemed.
	maxEnrolmentTokens = 20
)

// NewEnrolmentToken is a token that is to be made. The packages that know servers and machines decide for whom.
type NewEnrolmentToken struct {
	lasts  time.Duration
	digest string
}

// ParseEnrolmentToken checks how many seconds a token is to last, an hour if nothing is said. The digest is that of
// [EnrolmentTokenAdded].
func ParseEnrolmentToken(seconds *int64, digest string) (NewEnrolmentToken, error) {
	t := NewEnrolmentToken{lasts: enrolmentLasts, digest: digest}
	if seconds == nil {
		return t, nil
	}
	least, most := int64(leastEnrolment/time.Second), int64(mostEnrolment/time.Second)
	if *seconds < least || *seconds > most {
		return t, domain.Invalid("expires_in_s", "必须是%d到%d的整数！", least, most)
	}
	t.lasts = time.Duration(*seconds) * time.Second
	return t, nil
}

// Allocates are the sequences that a command takes ids from which makes a token.
func (NewEnrolmentToken) Allocates() []domain.Sequence {
	return []domain.Sequence{domain.SequenceCredential}
}

// For decides that the token is made, by somebody who may enrol agents of the target. Tokens that have expired end.
func (t NewEnrolmentToken) For(h domain.History, env domain.Env, target EnrolmentTarget) ([]domain.Event, error) {
	if env.Credential != 0 {
		return nil, ErrTakesLogin()
	}
	tokens := NewEnrolmentTokens(target)
	if err := h.Load(tokens); err != nil {
		return nil, err
	}
	expired := tokens.endIf(func(expires time.Time) bool { return !env.Now.Before(expires) })
	if len(tokens.live)-len(expired) >= maxEnrolmentTokens {
		return nil, domain.Refused("最多有%d个可用的注册令牌！", maxEnrolmentTokens)
	}
	return append(expired, EnrolmentTokenAdded{
		ID: domain.CredentialID(env.NextID(domain.SequenceCredential)), Target: target,
		Expires: env.Now.Add(t.lasts).UTC().Truncate(time.Second), Digest: t.digest,
	}), nil
}

// Redemption is that a token is redeemed. The packages that know servers and machines decide for whom.
type Redemption struct {
	token                domain.CredentialID
	digest, key, address string
}

// NewRedemption returns the redemption of a token by its digest. The key is the agent's public one, the address where it asks
// from.
func NewRedemption(token domain.CredentialID, digest, key, address string) Redemption {
	return Redemption{token, digest, key, address}
}

// Key is the public key of the agent that is to be enrolled.
func (r Redemption) Key() string { return r.key }

// Decide returns the token's target, and the event by which the token ends, or [ErrEnrolmentToken].
func (r Redemption) Decide(h domain.History, env domain.Env) (EnrolmentTarget, domain.Event, error) {
	token := NewEnrolmentTokenFold(r.token)
	if err := h.Load(token); err != nil {
		return EnrolmentTarget{}, nil, err
	}
	ended, err := token.Redeem(env, r.digest, r.key, r.address)
	return token.Target, ended, err
}

// LoadEnrolmentToken returns a token that the caller, who has logged in, may ask to revoke if they may enrol agents
// of its target.
func LoadEnrolmentToken(h domain.History, env domain.Env, id domain.CredentialID, kind string) (*EnrolmentToken, error) {
	if env.Credential != 0 {
		return nil, ErrTakesLogin()
	}
	token := NewEnrolmentTokenFold(id)
	if err := h.Load(token); err != nil {
		return nil, err
	}
	if !token.Added || token.Target.Kind != kind {
		return nil, domain.NotFound("EnrolmentToken %d 不存在！", id)
	}
	return token, nil
}
