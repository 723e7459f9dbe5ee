package identity

import (
	"context"
	"encoding/base64"
	"net/netip"
	"strings"
	"time"

	"github.com/opsledger/opsledger/internal/network"
)

const (
	// enrolmentToken begins each token for an enrolment, which is no program's.
	enrolmentToken = "ole_"
	// How many redemptions of an address may fail, and how fast more are allowed.
	enrolmentsPerAddress = 20
	enrolmentRecovers    = 30 * time.Second
)

// NewEnrolmentToken makes a token of 256 random bits by which a host enrols its agent, and the digest that it is found by.
func NewEnrolmentToken() (token, digest string) {
	token = enrolmentToken + randomText(tokenBytes)
	return token, tokenDigest(token)
}

// EnrolmentDigest is the digest of a token such as NewEnrolmentToken makes: what is none costs no look at the log.
func EnrolmentDigest(token string) (digest string, ok bool) {
	text, is := strings.CutPrefix(token, enrolmentToken)
	random, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return tokenDigest(token), is && err == nil && len(random) == tokenBytes
}

// AdmitEnrolment admits somebody who says that they have a token for an enrolment, or returns a [ThrottledError]. Few are
// looked up at once, whoever sends them: leave ends that, and says whether the token was good, which counts against nobody.
func (s *Service) AdmitEnrolment(ctx context.Context, address netip.Addr) (leave func(good bool), err error) {
	from := throttleKeyOf(network.Of(address))
	if wait := s.enrolments.take(from); wait > 0 {
		return nil, &ThrottledError{wait, "注册失败次数过多"}
	}
	end, err := s.lookUp(ctx)
	if err != nil {
		s.enrolments.giveBack(from)
		return nil, err
	}
	return func(good bool) {
		end()
		if good {
			s.enrolments.giveBack(from)
		}
	}, nil
}

// CountEnrolment counts one that was not to be carried out, as one that failed.
func (s *Service) CountEnrolment(address netip.Addr) error {
	if wait := s.enrolments.take(throttleKeyOf(network.Of(address))); wait > 0 {
		return &ThrottledError{wait, "注册失败次数过多"}
	}
	return nil
}
