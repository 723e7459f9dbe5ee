package v1

import (
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
	At      time.Time     `json:"at"`
	// Position is that of the event from which on the set held, Since its time; 0
	// and null if there was none by then.
	Position domain.Position `json:"position"`
	Since    *time.Time      `json:"since"`
	Users    []accessUser    `json:"users"`
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

// showAccess answers from what machines were told, which the log keeps for ever.
func (a *API) showAccess(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	name, account, given := q.Required("machine"), q.Required("account"), readMoment(q, "at")
	if q.Err != nil {
		return q.Err
	}
	ctx := c.Request().Context()
	machine, err := a.machineCalled(ctx, name)
	if err != nil {
		return err
	}
	at, newest := time.Now().UTC(), time.Unix(maxUnix, 0)
	if given != nil {
		at, newest = *given, *given
	}
	body := accessBody{Machine: accessMachine{machine.ID, machine.Name}, Account: account, At: at, Users: []accessUser{}}
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

// readMoment reads a time, RFC 3339 or unix seconds.
func readMoment(p *api.Params, name string) *time.Time {
	text := p.Text(name)
	if text == nil {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, *text)
	if seconds, ok := api.ParseInteger(*text); ok {
		at, err = time.Unix(seconds, 0), nil
	}
	if err != nil || at.Unix() < 0 || at.Unix() >= maxUnix {
		p.Refuse(name, "必须是RFC 3339时间或unix秒！")
	}
	at = at.UTC()
	return &at
}

// maxUnix is the end of the year 9999, the last that a time can be written in.
const maxUnix = 253402300800
