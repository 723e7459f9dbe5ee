package eventstore

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// selectWidth is the width of a [Selection] that says none: so the work of one Select is
// bounded, however few events there are of what is wanted.
const selectWidth = 50_000

// Selection is what of the log is wanted: the events that have everything it asks for.
type Selection struct {
	// After and UpTo bound the positions: After < position ≤ UpTo.
	After, UpTo domain.Position
	// Types, Context, Actors and Tags let through the events of any of them; what is nil or
	// empty lets through all.
	Types   []string
	Context domain.Context
	Actors  []domain.UserID
	Tags    []domain.Tag
	// Newest looks from UpTo downwards.
	Newest bool
	// Limit bounds the events that are returned, and Bytes, unless it is 0, their data: no event
	// follows the one with which it is reached.
	Limit, Bytes int
	// Width, which is 50,000 if it is 0, bounds the positions that are looked at where no index
	// leads to what is wanted.
	Width domain.Position
}

// Matches says whether an event between the bounds is wanted.
func (s *Selection) Matches(e *protocol.Envelope) bool {
	has := func(t domain.Tag) bool { return slices.Contains(e.Tags, t) }
	return (len(s.Types) == 0 || slices.Contains(s.Types, e.Type)) &&
		(s.Context == "" || s.Context == e.Context) &&
		(s.Actors == nil || slices.Contains(s.Actors, e.Actor)) &&
		(len(s.Tags) == 0 || slices.ContainsFunc(s.Tags, has))
}

// Rest is what a Select left that has reached a position, and whether that is anything. It
// is never more than the selection.
func (s Selection) Rest(reached domain.Position) (rest Selection, more bool) {
	if s.Newest {
		s.UpTo = min(s.UpTo, reached)
	} else {
		s.After = max(s.After, reached)
	}
	return s, s.After < s.UpTo
}

// Select returns some of the events that are wanted, in order of their position, or in the
// reverse of it. It looks at a bounded part of the log, and says how far it came: up to that
// position, and if the newest come first down to what follows that position, nothing else is wanted.
func (s *Store) Select(ctx context.Context, wanted Selection) (events []protocol.Envelope, reached domain.Position, err error) {
	if wanted.After >= wanted.UpTo || wanted.Limit < 1 || wanted.Actors != nil && len(wanted.Actors) == 0 {
		return nil, wanted.end(), nil
	}
	part := wanted
	sql, args := part.byTag()
	if len(wanted.Tags) == 0 {
		width := cmp.Or(wanted.Width, selectWidth)
		if wanted.Newest {
			part.After = max(wanted.After, wanted.UpTo-width)
		} else {
			part.UpTo = min(wanted.UpTo, wanted.After+width)
		}
		sql, args = part.byPosition()
	}
	most := cmp.Or(wanted.Bytes, math.MaxInt)
	if events, err = s.pageWithin(ctx, wanted.Limit, most, sql, args...); err != nil {
		return nil, 0, err
	}
	reached = part.end()
	if len(events) == wanted.Limit || protocol.DataSize(events) >= most {
		reached = events[len(events)-1].Position
		if wanted.Newest {
			reached--
		}
	}
	return slices.DeleteFunc(events, func(e protocol.Envelope) bool { return !wanted.Matches(&e) }), reached, nil
}

// end is what a whole look reaches.
func (s *Selection) end() domain.Position {
	if s.Newest {
		return s.After
	}
	return s.UpTo
}

func (s *Selection) order() string {
	if s.Newest {
		return " DESC"
	}
	return ""
}

// byPosition goes along the primary key.
func (s *Selection) byPosition() (sql string, args []any) {
	args = []any{int64(s.After), int64(s.UpTo)}
	where := func(condition string, value any) {
		args = append(args, value)
		sql += condition + strconv.Itoa(len(args)) + ")"
	}
	sql = "SELECT " + columns + " FROM log.events e WHERE e.position > $1 AND e.position <= $2"
	if len(s.Types) > 0 {
		where(" AND e.type = ANY ($", s.Types)
	}
	if s.Context != "" {
		where(" AND e.context = ($", string(s.Context))
	}
	if s.Actors != nil {
		where(" AND e.actor = ANY ($", s.Actors)
	}
	args = append(args, s.Limit)
	return sql + " ORDER BY e.position" + s.order() + " LIMIT $" + strconv.Itoa(len(args)), args
}

// byTag goes along the index of each tag. What else is wanted than tags and types is not
// looked at, so that no more events than the limit are.
func (s *Selection) byTag() (sql string, args []any) {
	hashes := make([]int64, len(s.Tags))
	for i, t := range s.Tags {
		hashes[i] = hashTag(t)
	}
	args = []any{hashes, int64(s.After), int64(s.UpTo), s.Limit}
	types := ""
	if len(s.Types) > 0 {
		args, types = append(args, hashTypes(s.Types)), " AND t.type_hash = ANY ($5)"
	}
	return "SELECT " + columns + ` FROM (SELECT DISTINCT c.position FROM unnest($1::bigint[]) AS h (hash) CROSS JOIN LATERAL (
			SELECT t.position FROM log.event_tags t WHERE t.tag_hash = h.hash AND t.position > $2 AND t.position <= $3` + types + `
			ORDER BY t.position` + s.order() + ` LIMIT $4) c ORDER BY c.position` + s.order() + ` LIMIT $4) p
		CROSS JOIN LATERAL (SELECT * FROM log.events e WHERE e.position = p.position OFFSET 0) e ORDER BY p.position` + s.order(), args
}
