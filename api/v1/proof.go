package v1

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/translog"
)

// proofs are the routes of the transparency log. The paths of tiles are those of C2SP
// tlog-tiles, in which a large number has several segments.
func (a *API) proofs() []api.Route {
	access := api.AccessUser
	if a.ProofsPublic {
		access = api.AccessPublic
	}
	event := api.Get("/v1/log/events/:position", api.AccessAdmin, nil, a.showEventEncoding)
	event.AllViews = true
	routes := []api.Route{
		api.Get("/v1/log/checkpoint", access, nil, a.showCheckpoint),
		api.Get("/v1/log/key", access, nil, a.showLogKey),
		api.Get("/v1/log/keys", access, nil, a.listLogKeys),
		api.Get("/v1/log/proof", access, nil, a.showProof).WithQuery(api.Reads(readProofQuery)),
		event,
	}
	for path, n := "/v1/log/tile/:level", 0; n < len(tileSegments); n++ {
		path += "/:" + tileSegments[n]
		routes = append(routes, api.Get(path, access, nil, a.showTile))
	}
	return routes
}

// tileSegments are the names of what stands behind a tile's level in a path.
var tileSegments = []string{"n1", "n2", "n3", "n4", "n5"}

// unpublished words what no checkpoint covers.
func unpublished(err error) error {
	if errors.Is(err, translog.ErrNotPublished) {
		return domain.NotFound("还没有涵盖它的检查点！")
	}
	return err
}

func (a *API) showCheckpoint(c echo.Context) error {
	checkpoint, err := a.Proofs.Checkpoint(c.Request().Context())
	if err != nil {
		return unpublished(err)
	}
	return c.Blob(http.StatusOK, echo.MIMETextPlainCharsetUTF8, []byte(checkpoint.Note))
}

func (a *API) showTile(c echo.Context) error {
	var segments []string
	for _, name := range c.ParamNames()[1:] {
		segments = append(segments, c.Param(name))
	}
	n, width, ok := translog.ParseTileIndex(strings.Join(segments, "/"))
	if !ok {
		return domain.NotFound("没有这个瓦片！")
	}
	level := c.Param("level")
	data, err := a.tile(c, level, n, width)
	if err != nil {
		return err
	}
	// Entries are made anew each time, so that a changed event is seen, and nobody should keep
	// the parts of a tile that is whole soon.
	if level != levelOfEntries && width == translog.TileWidth {
		share := "private"
		if a.ProofsPublic {
			share = "public"
		}
		c.Response().Header().Set(echo.HeaderCacheControl, share+", max-age=31536000, immutable")
	}
	return c.Blob(http.StatusOK, echo.MIMEOctetStream, data)
}

func (a *API) tile(c echo.Context, level string, n int64, width int) ([]byte, error) {
	if level == levelOfEntries {
		return a.entriesOf(c, n, width)
	}
	number, ok := api.ParseInteger(level)
	if !ok || number < 0 || number > 63 || len(level) > 1 && level[0] == '0' {
		return nil, domain.NotFound("没有这个瓦片！")
	}
	data, err := a.Proofs.Tile(c.Request().Context(), translog.Coord{Level: int(number), N: n}, width)
	return data, unpublished(err)
}

// levelOfEntries stands in the place of a tile's level for the entries below those of level 0.
const levelOfEntries = "entries"

// errManyEntries is an answer to everybody alike, also to who has no login.
const errManyEntries = api.Unavailable("too many requests for entries, try again")

// placesOfEntries bounds how many bundles of entries are made at once: for each, 256 whole
// events are read and hashed. Where the log is public all who ask are one. The line is long
// enough for clients that ask for a few dozen at once.
func placesOfEntries(public bool) *api.Places {
	limits := api.PlaceLimits{What: "requests for entries", Most: 4, Each: 2, Line: 30}
	if public {
		limits.Each = limits.Most
	}
	return api.NewPlaces(limits)
}

func (a *API) entriesOf(c echo.Context, n int64, width int) ([]byte, error) {
	var user domain.UserID
	if !a.ProofsPublic {
		user = api.Caller(c).ID
	}
	ctx := c.Request().Context()
	leave, err := a.entries.Take(ctx, user)
	var tooMany *api.TooManyError
	if errors.As(err, &tooMany) {
		return nil, errManyEntries
	}
	if err != nil {
		return nil, err
	}
	defer leave()
	data, err := a.Proofs.Entries(ctx, n, width)
	return data, unpublished(err)
}

func (a *API) showLogKey(c echo.Context) error {
	keys, err := a.Proofs.Keys(c.Request().Context())
	if err != nil {
		return unpublished(err)
	}
	return c.Blob(http.StatusOK, echo.MIMETextPlainCharsetUTF8, []byte(keys[len(keys)-1].Verifier+"\n"))
}

// logKeyBody is a key of checkpoints. Since is the position of the event by which it came, 0
// for the first, which has neither Event nor Checkpoint.
type logKeyBody struct {
	Key   string          `json:"key"`
	Since domain.Position `json:"since"`
	// Event is the event's encoding, which is in the tree.
	Event []byte `json:"event"`
	// Checkpoint covers the event and is signed with the key before.
	Checkpoint *string `json:"checkpoint"`
}

func (a *API) listLogKeys(c echo.Context) error {
	ctx := c.Request().Context()
	keys, err := a.Proofs.Keys(ctx)
	if err != nil {
		return unpublished(err)
	}
	list := make([]logKeyBody, 0, len(keys))
	for _, k := range keys {
		body := logKeyBody{Key: k.Verifier, Since: domain.Position(k.Since)}
		if k.Checkpoint != "" {
			events, err := a.Store.Read(ctx, body.Since-1, 1)
			if err != nil || len(events) == 0 {
				return errors.Join(err, unpublished(translog.ErrNotPublished))
			}
			body.Event, body.Checkpoint = eventstore.EncodeForHash(&events[0]), &k.Checkpoint
		}
		list = append(list, body)
	}
	return api.WriteJSON(c, http.StatusOK, map[string]any{"keys": list})
}

// proofQuery asks for a proof: that an event is in a tree, or that a tree continues another.
type proofQuery struct{ position, size, from, to *int64 }

func readProofQuery(q *api.Params) proofQuery {
	return proofQuery{q.Integer("position"), q.Integer("size"), q.Integer("from"), q.Integer("to")}
}

func (p *proofQuery) check() error {
	for name, n := range map[string]*int64{"position": p.position, "size": p.size, "from": p.from, "to": p.to} {
		if n != nil && *n < 1 {
			return domain.Invalid(name, "必须是正整数！")
		}
	}
	switch {
	case p.position != nil && (p.from != nil || p.to != nil), p.position == nil && (p.from == nil || p.to == nil || p.size != nil):
		return domain.Invalid("position", "必须给出position和size，或者from和to！")
	case p.position != nil && p.size != nil && *p.size < *p.position:
		return domain.Invalid("size", "超出范围！")
	case p.position == nil && *p.from > *p.to:
		return domain.Invalid("from", "超出范围！")
	}
	return nil
}

// inclusionBody proves that an event is in a tree, and consistencyBody that a tree continues another.
type (
	inclusionBody struct {
		Size   int64       `json:"size"`
		Index  int64       `json:"index"`
		Leaf   tlog.Hash   `json:"leaf"`
		Hashes []tlog.Hash `json:"hashes"`
	}
	consistencyBody struct {
		From   int64       `json:"from"`
		To     int64       `json:"to"`
		Hashes []tlog.Hash `json:"hashes"`
	}
)

func (a *API) showProof(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	asked := readProofQuery(q)
	if q.Err != nil {
		return q.Err
	}
	if err := asked.check(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if asked.position == nil {
		hashes, err := a.Proofs.Consistency(ctx, *asked.from, *asked.to)
		if err != nil {
			return unpublished(err)
		}
		return api.WriteJSON(c, http.StatusOK, consistencyBody{*asked.from, *asked.to, append([]tlog.Hash{}, hashes...)})
	}
	var size int64
	if asked.size != nil {
		size = *asked.size
	}
	size, leaf, hashes, err := a.Proofs.Inclusion(ctx, *asked.position, size)
	if err != nil {
		return unpublished(err)
	}
	return api.WriteJSON(c, http.StatusOK, inclusionBody{size, *asked.position - 1, leaf, append([]tlog.Hash{}, hashes...)})
}

func (a *API) showEventEncoding(c echo.Context) error {
	position, ok := api.ParseInteger(c.Param("position"))
	if !ok || position < 1 {
		return domain.Invalid("position", "必须是正整数！")
	}
	events, err := a.Store.Read(c.Request().Context(), domain.Position(position-1), 1)
	if err != nil {
		return err
	}
	if len(events) == 0 {
		return domain.NotFound("Event %d 不存在！", position)
	}
	return c.Blob(http.StatusOK, echo.MIMEOctetStream, eventstore.EncodeForHash(&events[0]))
}
