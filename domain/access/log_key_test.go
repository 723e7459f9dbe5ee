package access_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// Of two commands for one number the second is refused, and no number is left out.
func TestRotateLogKey(t *testing.T) {
	t.Parallel()
	const replaced = "日志的密钥已被更换！"
	second, third := access.LogKeyRotated{Number: 2, Key: []byte("two")}, access.LogKeyRotated{Number: 3, Key: []byte("three")}
	domaintest.Given().When(access.RotateLogKey{Number: 2, Key: []byte("two")}).Then(t, second)
	domaintest.Given().When(access.RotateLogKey{Number: 3}).ThenError(t, domain.CodeRefused, replaced)
	domaintest.Given(second).When(access.RotateLogKey{Number: 2}).ThenError(t, domain.CodeRefused, replaced)
	next := domaintest.Given(second).When(access.RotateLogKey{Number: 3, Key: []byte("three")})
	next.Then(t, third)
	next.CheckRace(t, third, true)
}
