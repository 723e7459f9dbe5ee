package dnsmodel

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
	"github.com/opsledger/opsledger/projections/table"
)

// The ids that one statement looks at: as many as take about so long.
const (
	firstLook, leastLook = 20_000, 1000
	shortLook, longLook  = 50 * time.Millisecond, 200 * time.Millisecond
)

// SearchRecords looks for a text in the full names and the values of the records that the
// caller may ACCESS. All records are looked through, since no index has parts of texts. What
// changes meanwhile is found as it was, or as it is.
//
// Invariants:
//  1. It ends soon after the given time, with what it has found by then.
//  2. Next is where the search goes on, 0 at its end: by going on from there each record is
//     found once, however the time was cut.
func (r *Reader) SearchRecords(ctx context.Context, c rights.Caller, s Search, end time.Time) (found []Record, next int64, err error) {
	return r.searchRecords(ctx, c, s, end, firstLook)
}

func (r *Reader) searchRecords(ctx context.Context, c rights.Caller, s Search, end time.Time, look int64) (found []Record, next int64, err error) {
	parts, err := r.namesWith(ctx, s.Text)
	if err != nil {
		return nil, 0, err
	}
	for next = s.Before; ; {
		began := time.Now()
		newest, err := query.Only(ctx, r.pool, pgx.RowTo[int64], newestRecord(query.MomentOf(ctx)), next)
		if err != nil || newest == 0 {
			return found, 0, err
		}
		oldest := max(newest-look+1, 1)
		rows, err := listFound(query.MomentOf(ctx), c, parts, oldest, next).Before(ctx, r.pool, next, s.Limit-len(found))
		if err != nil {
			return nil, 0, err
		}
		found, next = append(found, rows...), oldest
		if len(found) == s.Limit {
			return found, rows[len(rows)-1].ID, nil
		}
		if now := time.Now(); oldest > 1 && !now.Before(end) {
			return found, oldest, nil
		}
		look = nextLook(look, time.Since(began))
	}
}

func nextLook(look int64, took time.Duration) int64 {
	switch {
	case took < shortLook:
		return 2 * look
	case took > longLook:
		return max(look/2, leastLook)
	default:
		return look
	}
}

// newestRecord steps over ids that are gone, however many. In the past it steps by the keys of
// both tables to what has been at any time: to ask for the newest that was then would be to
// read all of them.
func newestRecord(at query.Moment) string {
	const newest = "(SELECT max(id) FROM dns.records WHERE id < $1)"
	if !at.Past() {
		return "SELECT coalesce(" + newest + ", 0)"
	}
	return "SELECT coalesce(greatest(" + newest + ", (SELECT max(id) FROM dns.records_past WHERE id < $1)), 0)"
}

// listFound lists the records with the text from one id to before another. They are compared
// with the text first, in a part of their own: to look up whether one lives, and who may see
// it, costs more.
func listFound(at query.Moment, c rights.Caller, parts soughtNames, oldest, before int64) *query.List[Record] {
	l := listRecords(at, c, RecordFilter{})
	l.IDs = "(SELECT x.* FROM " + records.In("dns") + " x WHERE x.id >= " + l.Arg(oldest) + " AND x.id < " + l.Arg(before) +
		" AND " + parts.condition(&l.Conditions) + " ORDER BY x.id DESC OFFSET 0) t"
	return l
}

// soughtNames are the ways in which a text may stand in a record: in the value or the host; in
// the zone's name; or from the end of the host into the zone's name.
type soughtNames struct {
	texts []string
	// zones are those with the text in their names.
	zones []int64
	cuts  []nameCut
}

// nameCut is a text cut at one of its dots: head is what the host ends with, tail what the
// zone's name begins with; zones are those whose names do.
type nameCut struct {
	head, tail string
	zones      []int64
}

// maxLabels is how many labels a name has at most. A text with more of them is in no name.
const maxLabels = 127

func cutNames(texts []string) (cuts []nameCut) {
	for _, text := range texts {
		for i := range len(text) {
			if text[i] == '.' && strings.Count(text, ".") < maxLabels {
				cuts = append(cuts, nameCut{head: text[:i], tail: text[i+1:]})
			}
		}
	}
	return cuts
}

// namesWith finds the zones whose names have a part of the text in them.
func (r *Reader) namesWith(ctx context.Context, text string) (soughtNames, error) {
	s := soughtNames{texts: dns.Spellings(text)}
	s.cuts = cutNames(s.texts)
	var q query.Conditions
	tails := []string{}
	for _, cut := range s.cuts {
		if cut.tail != "" {
			tails = append(tails, cut.tail)
		}
	}
	names := absolute("z")
	inName := q.AnyIn(s.texts, names...)
	sql := "SELECT z.id, " + strings.Join(names, ", ") + ", " + inName + " AS whole FROM " + table.At("dns.zones", "id, name, typed") + " z" +
		" WHERE " + inName + " OR EXISTS (SELECT FROM unnest(" + q.Arg(tails) + "::text[]) s (tail)" +
		" WHERE starts_with(" + names[0] + ", s.tail) OR starts_with(" + names[1] + ", s.tail))"
	rows, err := query.Rows(ctx, r.pool, sql, q.Args()...)
	if err != nil {
		return s, err
	}
	var id int64
	var name, typed string
	var whole bool
	_, err = pgx.ForEachRow(rows, []any{&id, &name, &typed, &whole}, func() error {
		if whole {
			s.zones = append(s.zones, id)
			return nil // whatever the host
		}
		for i, cut := range s.cuts {
			if cut.tail != "" && (strings.HasPrefix(name, cut.tail) || strings.HasPrefix(typed, cut.tail)) {
				s.cuts[i].zones = append(s.cuts[i].zones, id)
			}
		}
		return nil
	})
	return s, err
}

// condition says whether the record x has the text.
func (s soughtNames) condition(q *query.Conditions) string {
	any := []string{q.AnyIn(s.texts, "lower(x.value)", "lower(x.host)", "x.typed")}
	if len(s.zones) > 0 {
		any = append(any, "x.zone_id = ANY ("+q.Arg(s.zones)+"::bigint[])")
	}
	for _, cut := range s.cuts {
		if cut.tail != "" && len(cut.zones) == 0 {
			continue
		}
		head := q.Arg(cut.head) + "::text"
		ends := "x.host <> '@' AND (right(lower(x.host), length(" + head + ")) = " + head + " OR right(x.typed, length(" + head + ")) = " + head + ")"
		if cut.tail != "" { // else the dot is the one behind the host
			ends += " AND x.zone_id = ANY (" + q.Arg(cut.zones) + "::bigint[])"
		}
		any = append(any, ends)
	}
	return "(" + strings.Join(any, " OR ") + ")"
}
