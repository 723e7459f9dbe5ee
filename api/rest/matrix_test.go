package rest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/identity"
)

// A principal is whom a request of the matrix comes from.
const (
	asNobody   = iota // no token
	asExpired         // an admin's token of yesterday
	asUnsigned        // an admin's claims with alg none
	asForger          // an admin's claims under another key
	asPlain           // no roles
	asClerk           // may update and delete users, and no more
	asGuest           // server_guest, view_guest, zone_guest
	asStranger        // may add resources, and owns others than the one in question
	asHolder          // server_admin, view_admin, zone_admin, and BIND_CONF_EDIT
	asAdmin
	principals
)

var principalNames = [principals]string{"nobody", "expired", "unsigned", "forger", "plain", "clerk", "guest", "stranger", "holder", "admin"}

// expected are the statuses of a route by principal.
type expected [principals]int

// everybody gets the same reply: the route is public.
func everybody(status int) expected {
	var e expected
	for i := range e {
		e[i] = status
	}
	return e
}

// users is what those with a good token get; bad ones are 403. The clerk gets what the
// plain user gets, unless clerk says otherwise.
func users(plain, guest, stranger, holder, admin int) expected {
	return expected{403, 403, 403, 403, plain, plain, guest, stranger, holder, admin}
}

func (e expected) clerk(status int) expected {
	e[asClerk] = status
	return e
}

// row is a route's line in the matrix.
type row struct {
	// ask returns the path and the body of one request. A write is asked about
	// something new once it was carried out, so that nobody finds what another left.
	ask func(x *matrix) (path string, body any)
	expected
}

// matrix is the stack with a token for every principal.
type matrix struct {
	*stack
	tokens [principals]string
	// programs are tokens that act for admin.
	programs map[string]string
	// names counts the names that were given.
	names *int
	// The paths of resources of the admin that reads are about; all zones are
	// linked to the view.
	server, view, zone, record string
	// task is one that was never executed.
	task string
}

// TestMatrix asks every route as everybody. A route without a row fails.
func TestMatrix(t *testing.T) {
	t.Parallel()
	x := newMatrix(t)
	rows := matrixRows()
	for _, route := range Routes(&api.Kernel{}, Config{}) {
		name := route.Method + " " + route.Path
		row, ok := rows[name]
		if !ok {
			t.Errorf("%s has no row in matrixRows: who may use it?", name)
			continue
		}
		delete(rows, name)
		t.Run(strings.ReplaceAll(name, "/", "|"), func(t *testing.T) { x.in(t).check(route, row) })
	}
	for name := range rows {
		t.Errorf("%s has a row and does not exist", name)
	}
}

// in returns the matrix for a subtest.
func (x *matrix) in(t *testing.T) *matrix {
	part := *x
	part.stack = x.stack.in(t)
	return &part
}

// check asks one route as everybody.
func (x *matrix) check(route api.Route, row row) {
	x.t.Helper()
	public := row.expected == everybody(row.expected[asNobody])
	if public != (route.Access == api.AccessPublic) {
		x.t.Errorf("the route table says %q", route.Access.Name)
	}
	x.checkPrograms(route, row)
	path, body := row.ask(x)
	for who, want := range row.expected {
		before := x.position()
		token := x.tokens[who]
		if route.Method+" "+route.Path == "DELETE /v1/session" {
			token = x.anotherLogin(who) // which is then of no use any more
		}
		got := x.do(route.Method, path, body, with("Authorization", token))
		if got.status != want {
			x.t.Errorf("%s: %s %s: %d %s, want %d", principalNames[who], route.Method, path, got.status, got.body, want)
		}
		if got.succeeded() {
			path, body = row.ask(x)
		}
		if public {
			continue
		}
		if want := denial(route, who); (got.status == http.StatusForbidden || got.status == http.StatusUnauthorized) && !strings.HasPrefix(got.body, want) {
			x.t.Errorf("%s: %s, want %s…", principalNames[who], got.body, want)
		}
		if !got.succeeded() && x.position() != before {
			x.t.Errorf("%s: refused, and the log grew", principalNames[who])
		}
	}
}

// anotherLogin is a further token of a principal who can log in.
func (x *matrix) anotherLogin(who int) string {
	switch {
	case who == asAdmin:
		return x.login("admin", adminPassword)
	case who >= asPlain:
		return x.login(principalNames[who], "secret")
	default:
		return x.tokens[who]
	}
}

// denial is how the 403 of a principal begins.
func denial(route api.Route, who int) string {
	if isPowerDNS(route) {
		return powerDNSDenial(who)
	}
	if strings.HasPrefix(route.Path, "/api/") {
		return opsDenial(who)
	}
	switch who {
	case asNobody:
		return bodyTokenMissing
	case asExpired, asUnsigned, asForger:
		return bodyTokenInvalid
	default:
		return `{"message":"无权限！`
	}
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	x := &matrix{stack: newStack(t, func(c *config) {
		c.Changes, c.Agents, c.Output, c.Offers = &somewhere{}, noAgents{}, newPrinted(), &offering{}
		c.NameServers, c.Enrolments = &somewhere{}, anybody{}
	}), names: new(int)}
	x.forgeTokens()
	x.tokens[asAdmin] = x.admin
	x.tokens[asPlain] = x.member("plain")
	x.tokens[asClerk] = x.member("clerk")
	x.tokens[asGuest] = x.member("guest", 3, 5, 7)
	x.tokens[asStranger] = x.member("stranger", x.role("adders", 1, 2, 3))
	x.tokens[asHolder] = x.member("holder", 2, 4, 6, x.role("bind", 4))

	x.view = x.ok("POST", "/dns/views", m{"name": matrixView, "acl": "any"}).header.Get("Location")
	x.server, x.zone = x.newServer(), x.newZone()
	x.record = x.newRecord()

	x.publish()
	x.prepareOps()
	x.prepareCredentials()

	stranger := with("Authorization", x.tokens[asStranger])
	x.ok("POST", "/dns/servers", x.aServer(), stranger)
	x.ok("POST", "/dns/views", x.aView(), stranger)
	zone := x.ok("POST", "/dns/zones", x.aZone(), stranger).header.Get("Location")
	x.ok("POST", "/dns/records", x.aRecord(zone), stranger)
	return x
}

func (x *matrix) forgeTokens() {
	x.t.Helper()
	key, kid := x.tokenKey()
	hs, same := jwt.SigningMethodHS256, func(jwt.MapClaims) {}
	x.tokens[asExpired] = x.forge(hs, key, kid, func(c jwt.MapClaims) {
		c["iat"], c["exp"] = time.Now().Add(-25*time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
	})
	x.tokens[asUnsigned] = x.forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, same)
	x.tokens[asForger] = x.forge(hs, identity.RandomKey(), kid, same)
}
