package oplog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// This file is [access.Actor.Sees] in SQL. Whether an entry is seen follows from its
// group. The exception is an entry on a record for which the caller holds a privilege
// made by hand. So the entries need no more than look-ups in the sets of visible, and
// their number is the sum of counts that were kept: what a page costs does not grow
// with the length of the log.

// fewEntries is up to how many visible entries are collected one group after the
// other. Of more, the log is read from its end until the page is full.
const fewEntries = 5000

// restrict leaves the entries that the caller sees. counted says that the list is
// not filtered, but for the clause on the entries' target types.
func restrict(l *query.List[Entry], r rights.Rights, types string, counted bool) {
	l.Hashed, l.With = true, visible(r)
	l.And("(" + sees("t", r) + " OR t.target_type = 'Record' AND t.target_id IN (SELECT b.record FROM byhand b))")
	if counted {
		l.Total = "SELECT coalesce(sum(t.entries), 0) FROM (" + groups(r) +
			" UNION ALL SELECT 0, 0, 'Record', 1 FROM (" + byHand(r) + ") o) t" + types
		l.Few, l.UpTo = "SELECT t.id FROM ("+few(r)+") t"+types, fewEntries
	}
}

// visible are the WITH queries, clauses 4 to 6 of [access.Actor.Sees]: the servers and zones whose entries the caller sees,
// and the live records that a privilege of their own lets through.
func visible(r rights.Rights) string {
	return "servers AS MATERIALIZED (" + r.Seen(access.KindServer) + "), zones AS MATERIALIZED (" + r.Seen(access.KindZone) +
		"), byhand AS MATERIALIZED (SELECT x.id::text AS record FROM (" + r.LivingRecords() + ") x)"
}

// sees says whether the caller sees the row called alias, which is an entry or a
// group of entries. What is neither on a view nor on a server is on a zone, on a record of one,
// or has no resource: no zone is of id 0.
func sees(alias string, r rights.Rights) string {
	return fmt.Sprintf(`(%[1]s.actor = %[2]s OR CASE %[1]s.target_type WHEN 'View' THEN true
		WHEN 'Server' THEN %[1]s.resource IN (SELECT id FROM servers)%[3]s
		ELSE %[1]s.resource IN (SELECT id FROM zones) END)`, alias, r.User, byCode(r))
}

// byCode are the cases of the types of targets that a permission code is for, which the
// caller holds or not.
func byCode(r rights.Rights) string {
	var cases strings.Builder
	for _, target := range slices.Sorted(maps.Keys(codes)) {
		fmt.Fprintf(&cases, " WHEN '%s' THEN %t", target, r.Holds(codes[target]))
	}
	return cases.String()
}

// groups are the groups of entries that the caller sees.
func groups(r rights.Rights) string {
	return "SELECT * FROM (" + all(counts) + ") c WHERE " + sees("c", r)
}

// byHand are the entries on the records that a privilege of their own lets through,
// but for those of groups that are seen anyway.
func byHand(r rights.Rights) string {
	return `SELECT o.id FROM byhand b CROSS JOIN LATERAL (
		SELECT o.* FROM dns.oplogs o WHERE o.target_id = b.record AND o.target_type = 'Record' OFFSET 0) o WHERE NOT ` + sees("o", r)
}

// few are the entries that the caller sees, found by their groups.
func few(r rights.Rights) string {
	return `SELECT o.id, g.target_type FROM (` + groups(r) + `) g CROSS JOIN LATERAL (SELECT o.id FROM (` + all(entries) + `) o
			WHERE o.resource = g.resource AND o.target_type = g.target_type AND o.actor = g.actor OFFSET 0) o
		UNION ALL SELECT o.id, 'Record' FROM (` + byHand(r) + `) o`
}
