package enrolment

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// Desk enrols agents by tokens.
type Desk struct {
	Store     *eventstore.Store
	Authority *busauth.Authority
	// URL is where agents find the bus. Outside says that its certificate is verified as usual, and has no pins.
	URL     string
	Outside bool
}

// Redeem enrols the agent that has the public key, or returns [access.ErrEnrolmentToken]. The digest is that of the token,
// the address where the agent asks from.
func (d *Desk) Redeem(ctx context.Context, digest, key, address string) (busauth.Credentials, error) {
	if !nkeys.IsValidPublicUserKey(key) {
		return busauth.Credentials{}, access.ErrEnrolmentKey()
	}
	token, id, err := d.find(ctx, digest)
	if err != nil {
		return busauth.Credentials{}, err
	}
	if !token.Ended {
		if err := d.enrol(ctx, id, token, digest, key, address); err != nil {
			return busauth.Credentials{}, err
		}
		if token, _, err = d.find(ctx, digest); err != nil {
			return busauth.Credentials{}, err
		}
	}
	if token.Key != key {
		return busauth.Credentials{}, access.ErrEnrolmentToken()
	}
	return d.grant(ctx, token.Target, key)
}

// find returns the token with the digest, unless it has expired: what was enrolled in time and is asked for again later
// has been lost for too long.
func (d *Desk) find(ctx context.Context, digest string) (access.EnrolmentTokenState, domain.CredentialID, error) {
	holder := access.NewEnrolmentTokenHolder(digest)
	if _, err := d.Store.Load(ctx, holder); err != nil {
		return access.EnrolmentTokenState{}, 0, err
	}
	token := access.NewEnrolmentTokenFold(holder.HeldBy())
	if holder.HeldBy() == 0 {
		return token.EnrolmentTokenState, 0, access.ErrEnrolmentToken()
	}
	if _, err := d.Store.Load(ctx, token); err != nil {
		return token.EnrolmentTokenState, 0, err
	}
	if subtle.ConstantTimeCompare([]byte(token.Digest), []byte(digest)) != 1 || !time.Now().Before(token.Expires) {
		return token.EnrolmentTokenState, 0, access.ErrEnrolmentToken()
	}
	return token.EnrolmentTokenState, holder.HeldBy(), nil
}

// enrol has the log decide. Of two hosts that have the token at the same time, the second finds that it has ended, which
// [Desk.Redeem] tells from the same host's repeat.
func (d *Desk) enrol(ctx context.Context, id domain.CredentialID, token access.EnrolmentTokenState, digest, key, address string) error {
	spent, err := d.Authority.Spent(ctx, key)
	if err != nil {
		return err
	}
	if spent {
		return access.ErrEnrolmentKeySpent()
	}
	redemption := access.NewRedemption(id, digest, key, address)
	var command domain.Command = dns.NewRedeemServerToken(redemption)
	if token.Target.Kind == access.EnrolMachine {
		command = ops.NewRedeemHostToken(redemption)
	}
	_, err = d.Store.Execute(ctx, eventstore.Request{Command: command, Actor: token.Maker, Door: domain.DoorV1})
	if refused, is := errors.AsType[*domain.Error](err); is && refused != nil {
		if again, _, found := d.find(ctx, digest); found == nil && again.Key == key {
			return nil // another request of the same host was faster
		}
		return access.ErrEnrolmentToken()
	}
	return err
}

// grant is what the agent connects with, if it is still the one that is trusted.
func (d *Desk) grant(ctx context.Context, target access.EnrolmentTarget, key string) (busauth.Credentials, error) {
	who := busauth.Identity{Kind: busauth.KindServer, ID: target.ID}
	if target.Kind == access.EnrolMachine {
		who.Kind = busauth.KindHost
	}
	credentials, err := d.Authority.Grant(ctx, who, key, d.URL)
	if errors.Is(err, busauth.ErrNotEnrolled) {
		return credentials, access.ErrEnrolmentToken()
	}
	if d.Outside {
		credentials.Pins = nil
	}
	return credentials, err
}
