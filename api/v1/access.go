package v1

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/crypto/ssh"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// accessBody says who could log in to a system account of a machine at a time.
type accessBody struct {
	Machine accessMachine `json:"machine"`
	Account string        `json:"account"`
	// At is null of a position of the past, unless a time before it is asked for.
	At *time.Time `json:"at"`
	// Position is that of the event from which on the set held, Since its time; 0
	// and null if there was none by then.
	Position domain.Position `json:"position"`
	Since    *time.Time      `json:"since"`
	Users    []accessUser    `json:"users"`
	// Granted: somebody's key opens the account.
	Granted bool `json:"granted"`
	// Installed: the host said that exactly these keys are in the account's file; null for
	// another time than now, and while the host has said nothing.
	Installed *bool `json:"installed"`
	// Problem is why they are not: "missing account", "not allowed" (by the host's own
	// file), "failed", or "" for none that is known. Error is the host's text. Both are null
	// in the past.
	Problem *string `json:"problem"`
	Error   *string `json:"error"`
}

// Account is what a host said of an account's keys.
type Account struct {
	Name string
	// Position is that of the work that the keys are of, 0 while it is not known.
	Position domain.Position
	// Problem and Error are empty where all is well.
	Problem, Error string
}

// problemFailed is a problem that has no name of its own.
const problemFailed = "failed"

// Hosts knows what hosts say of themselves.
type Hosts interface {
	// Accounts returns what a machine's host said last of the accounts that it keeps keys
	// of, and false if it said nothing yet.
	Accounts(machine int64) ([]Account, bool)
}

// report adds what the host said of the account.
func (b *accessBody) report(hosts Hosts) {
	accounts, said := hosts.Accounts(b.Machine.ID)
	if !said {
		return
	}
	b.Installed = new(!b.Granted) // what has no keys is in order until the host says otherwise
	for _, a := range accounts {
		if a.Name != b.Account {
			continue
		}
		*b.Installed = a.Error == "" && a.Position >= b.Position
		if *b.Error = a.Error; a.Error != "" {
			*b.Problem = cmp.Or(a.Problem, problemFailed)
		}
	}
}

type accessMachine struct {
	ID   int64  `json:"id"`
	Name string `json:"machine_name"`
}

// accessUser is a user and the keys that open the account to them.
type accessUser struct {
	ID       domain.UserID `json:"user_id"`
	Username string        `json:"username"`
	Keys     []accessKey   `json:"keys"`
}

type accessKey struct {
	Type        string `json:"type"`
	Fingerprint string `json:"fingerprint"`
}

// accessFilter is what a query asks for.
type accessFilter struct {
	machine, account string
	at               *time.Time
}

func readAccessFilter(q *api.Params) accessFilter {
	return accessFilter{q.Required("machine"), q.Required("account"), q.Moment("at", nil)}
}

// showAccess answers from what machines were told, which the log keeps for ever.
func (a *API) showAccess(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	asked := readAccessFilter(q)
	name, account, given := asked.machine, asked.account, asked.at
	if q.Err != nil {
		return q.Err
	}
	ctx := c.Request().Context()
	machine, err := a.machineCalled(ctx, name)
	if err != nil {
		return err
	}
	newest := api.EndOfTime()
	body := accessBody{Machine: accessMachine{machine.ID, machine.Name}, Account: account, At: given, Users: []accessUser{}}
	if given != nil {
		newest = *given
	}
	if !api.IsPast(c) {
		body.Problem, body.Error = new(""), new("")
		if given == nil {
			body.At = new(time.Now().UTC())
		}
	}
	set, err := a.Ops.KeysAt(ctx, machine.ID, account, newest)
	if errors.Is(err, query.ErrNotFound) {
		return api.WriteJSON(c, http.StatusOK, body)
	}
	if err != nil {
		return fmt.Errorf("keys of an account: %w", err)
	}
	body.Position, body.Since = set.Since, &set.At
	if body.Users, err = accessUsers(set.Keys); err != nil {
		return err
	}
	body.Granted = len(body.Users) > 0
	if given == nil && !api.IsPast(c) && a.Hosts != nil {
		body.report(a.Hosts)
	}
	return api.WriteJSON(c, http.StatusOK, body)
}

// accessUsers groups the keys by user, in their order.
func accessUsers(keys []ops.AccountKey) ([]accessUser, error) {
	users, index := []accessUser{}, map[domain.UserID]int{}
	for _, k := range keys {
		i, known := index[k.User]
		if !known {
			i = len(users)
			index[k.User] = i
			users = append(users, accessUser{ID: k.User, Username: k.Username, Keys: []accessKey{}})
		}
		public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(k.Key))
		if err != nil {
			return nil, fmt.Errorf("key of user %d: %w", k.User, err)
		}
		users[i].Keys = append(users[i].Keys, accessKey{Type: public.Type(), Fingerprint: ssh.FingerprintSHA256(public)})
	}
	return users, nil
}

// machineCalled finds a machine by its name, or else by one of its addresses.
func (a *API) machineCalled(ctx context.Context, name string) (opsmodel.Machine, error) {
	machine, err := a.Ops.MachineByName(ctx, name)
	if addr, bad := netip.ParseAddr(name); errors.Is(err, query.ErrNotFound) && bad == nil {
		machine, err = a.Ops.MachineByIP(ctx, addr.Unmap().WithZone("").String())
	}
	if errors.Is(err, query.ErrNotFound) {
		return machine, domain.NotFound("Machine %s 不存在！", api.PrintableName(name))
	}
	return machine, err
}
