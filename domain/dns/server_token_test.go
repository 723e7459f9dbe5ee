package dns_test

import (
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// A token for a server's agent is made by administrators and revoked by who may update the server, enrols one agent while
// its maker may, and ends with the server.
func TestServerTokens(t *testing.T) {
	t.Parallel()
	target := access.EnrolmentTarget{Kind: access.EnrolServer, ID: 1, Name: "s1"}
	token := func(id domain.CredentialID, expires time.Time) domain.Event {
		return access.EnrolmentTokenAdded{ID: id, Target: target, Expires: expires, Digest: "d"}
	}
	in := func(d time.Duration) time.Time { return domaintest.Now.Add(d).UTC().Truncate(time.Second) }
	given := func(more ...domain.Event) []domain.Event {
		return users(append([]domain.Event{server(1, "s1", "1.1.1.1")}, more...)...)
	}
	live := token(7, in(time.Hour))
	used := access.EnrolmentTokenEnded{ID: 7, Target: target, Key: "UK", Address: "192.0.2.9"}
	revoked := access.EnrolmentTokenEnded{ID: 7, Target: target}
	enrolled := dns.ServerEnrolled{ID: 1, Unproved: true, Key: "UK"}
	add := must(dns.NewAddServerToken(1, must(access.ParseEnrolmentToken(nil, "d"))))
	redeem := dns.NewRedeemServerToken(access.NewRedemption(7, "d", "UK", "192.0.2.9"))
	revoke := dns.NewRevokeServerToken(7)
	const bad = "令牌无效！"

	runDecisions(t, []decision{
		{name: "make", as: admin, given: given(), when: add, then: []domain.Event{token(domaintest.FirstID, in(time.Hour))}},
		{name: "make one more ends the expired", as: admin, given: given(token(7, in(0))), when: add,
			then: []domain.Event{revoked, token(domaintest.FirstID, in(time.Hour))}},
		{name: "guest may not make", as: guest, given: given(), when: add, code: domain.CodeForbidden},
		{name: "make for none", as: admin, given: users(), when: add, code: domain.CodeNotFound},
		{name: "revoke", as: admin, given: given(live), when: revoke, then: []domain.Event{revoked}},
		{name: "revoke again", as: admin, given: given(live, revoked), when: revoke},
		{name: "guest may not revoke", as: guest, given: given(live), when: revoke, code: domain.CodeForbidden},
		{name: "revoke none", as: admin, given: given(), when: revoke, code: domain.CodeNotFound},

		{name: "redeem", as: admin, given: given(live), when: redeem, then: []domain.Event{enrolled, used}},
		{name: "redeem replaces an agent", as: admin, given: given(live, dns.ServerEnrolled{ID: 1}), when: redeem,
			then: []domain.Event{dns.ServerWithdrawn{ID: 1}, enrolled, used}},
		{name: "redeem twice", as: admin, given: given(live, used), when: redeem, code: domain.CodeInvalid, text: bad},
		{name: "redeem a revoked one", as: admin, given: given(live, revoked), when: redeem, code: domain.CodeInvalid, text: bad},
		{name: "redeem too late", as: admin, given: given(token(7, in(0))), when: redeem, code: domain.CodeInvalid, text: bad},
		{name: "redeem none", as: admin, given: given(), when: redeem, code: domain.CodeInvalid, text: bad},
		{name: "redeem with another's digest", as: admin, given: given(live), when: dns.NewRedeemServerToken(access.NewRedemption(7, "e", "UK", "")),
			code: domain.CodeInvalid, text: bad},
		{name: "the maker may not any more", as: guest, given: given(live), when: redeem, code: domain.CodeForbidden},
		{name: "deletion ends tokens", as: admin, given: given(live), when: must(dns.NewDeleteServer(1, nil)),
			then: []domain.Event{revoked, dns.ServerDeleted{ID: 1, Server: serverData("s1", "1.1.1.1"), Privilege: privilegeOf(1)}}},
	})
	runRaces(t, []race{
		{name: "of two hosts one", given: given(live)[4:], when: redeem, between: used, conflict: true},
		{name: "revoked meanwhile", given: given(live)[4:], when: redeem, between: revoked, conflict: true},
		{name: "deleted meanwhile", given: given()[4:], when: add, between: dns.ServerDeleted{ID: 1, Server: serverData("s1", "1.1.1.1")}, conflict: true},
		{name: "made while it is deleted", given: given()[4:], when: must(dns.NewDeleteServer(1, nil)), between: live, conflict: true},
	})
	for _, seconds := range []int64{0, -1, 59, 604_801} {
		if _, err := access.ParseEnrolmentToken(&seconds, "d"); err == nil {
			t.Errorf("a token for %d s", seconds)
		}
	}
}

// No more tokens than 20 may be redeemed at a time.
func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	events := users(server(1, "s1", "1.1.1.1"))
	for i := range domain.CredentialID(20) {
		events = append(events, access.EnrolmentTokenAdded{
			ID: i + 1, Target: access.EnrolmentTarget{Kind: access.EnrolServer, ID: 1}, Expires: domaintest.Now.Add(time.Hour),
		})
	}
	add := must(dns.NewAddServerToken(1, must(access.ParseEnrolmentToken(nil, "d"))))
	runDecisions(t, []decision{{name: "one more", as: admin, given: events, when: add, code: domain.CodeRefused, text: "最多有20个"}})
}
