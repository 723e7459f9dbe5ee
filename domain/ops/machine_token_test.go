package ops_test

import (
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/domain/ops"
)

// A token for a machine's agent is made and revoked by who may update machines, enrols one agent while its maker may, and
// ends with the machine.
func TestHostTokens(t *testing.T) {
	t.Parallel()
	target := access.EnrolmentTarget{Kind: access.EnrolMachine, ID: 7, Name: "web01"}
	expires := domaintest.Now.Add(time.Hour).UTC().Truncate(time.Second)
	token := access.EnrolmentTokenAdded{ID: 3, Target: target, Expires: expires, Digest: "d"}
	made := token
	made.ID = domaintest.FirstID
	used := access.EnrolmentTokenEnded{ID: 3, Target: target, Key: "UK", Address: "192.0.2.9"}
	revoked := access.EnrolmentTokenEnded{ID: 3, Target: target}
	enrolled := ops.HostEnrolled{ID: 7, Key: "UK"}
	add := domaintest.Must(ops.NewAddHostToken("web01", domaintest.Must(access.ParseEnrolmentToken(nil, "d"))))
	redeem, revoke := ops.NewRedeemHostToken(access.NewRedemption(3, "d", "UK", "192.0.2.9")), ops.NewRevokeHostToken(3)
	check(t, []rule{
		{name: "make", as: operator, given: given(), when: add, then: []domain.Event{made}},
		{name: "make without the right", as: nobody, given: given(), when: add, code: domain.CodeForbidden},
		{name: "revoke", as: operator, given: given(token), when: revoke, then: []domain.Event{revoked}},
		{name: "revoke without the right", as: nobody, given: given(token), when: revoke, code: domain.CodeForbidden},
		{name: "redeem", as: operator, given: given(token), when: redeem, then: []domain.Event{enrolled, used}},
		{name: "redeem replaces an agent", as: operator, given: given(token, ops.HostEnrolled{ID: 7}), when: redeem,
			then: []domain.Event{ops.HostWithdrawn{ID: 7}, enrolled, used}},
		{name: "redeem twice", as: operator, given: given(token, used), when: redeem, code: domain.CodeInvalid},
		{name: "the maker may not any more", as: nobody, given: given(token), when: redeem, code: domain.CodeForbidden},
		{name: "deletion ends tokens", as: operator, given: given(token), when: domaintest.Must(ops.NewDeleteMachine("web01", nil)),
			then: []domain.Event{revoked, ops.MachineDeleted{ID: 7, Machine: web}}},
	})
}
