package projections

import "github.com/opsledger/opsledger/domain/access"

// This file tells which entries of the dns operation log a caller sees: of views
// all; of servers and zones those that the caller may ACCESS, or could when they
// were deleted; of records those of such zones, but of a record that died what
// counts is whether the caller could ACCESS it then. That is computed as sets, in
// the order of visibleSets, of which an entry needs no more than look-ups; what
// the sets hold is counted in advance, so a page costs nothing of the log's length.

// fewEntries is up to how many visible entries are collected one resource after
// the other. Of more, the log is read from its end until the page is full.
const fewEntries = 5000

// visibleSets are the WITH queries:
//
//	held     the roles that the caller had, and when
//	ruled    when the caller could ACCESS all of a kind younger than a position
//	given    when the caller could ACCESS which resource by a privilege
//	seen     the servers and zones that the caller sees, with their counted entries
//	ends     the ends of records: deleted themselves, or with the link that they hung on
//	bereft   the zones of ends; now says whether they are seen
//	could    the zones and positions of ends at which the caller could ACCESS the zone
//	odd      the ends at which that was otherwise than what seen says
//	lost     the records of odd ends; now says whether their zone is seen
//	byhand   the records that a privilege of their own lets through
//	hidden   the records of seen zones that the caller does not see
//	shown    the records that the caller sees, whatever their zone
func (r rights) visibleSets() string {
	return r.pastRights() + ", " + r.seenResources() + `, ends AS MATERIALIZED (
		SELECT o.zone_id AS zone, o.id AS at, o.target_id AS record, 0::bigint AS link FROM dns.oplogs o
			WHERE o.operation = '` + OperationDelete + `' AND o.target_type = 'Record'
		UNION ALL SELECT l.zone_id, l.at, NULL, l.link FROM dns.ended_links l
	), bereft AS MATERIALIZED (
		SELECT a.*, a.id IN (` + seenZones + `) AS now FROM (SELECT DISTINCT zone FROM ends) e CROSS JOIN LATERAL (
			SELECT a.kind, a.id, a.creator, a.created FROM dns.resources a WHERE a.kind = 2 AND a.id = e.zone OFFSET 0) a
	), could AS MATERIALIZED (
		SELECT e.zone, e.at FROM ends e JOIN bereft a ON a.id = e.zone WHERE ` + r.ruledAt("e.at") + `
		UNION SELECT e.zone, e.at FROM ends e JOIN given g ON g.kind = 2 AND g.id = e.zone AND ` + holds("g", "e.at") + `
	), odd AS MATERIALIZED (
		SELECT e.*, a.now FROM ends e JOIN bereft a ON a.id = e.zone WHERE a.now <> ((e.zone, e.at) IN (SELECT c.zone, c.at FROM could c))
	), lost AS MATERIALIZED (
		SELECT e.record, e.now FROM odd e WHERE e.record IS NOT NULL
		UNION ALL SELECT o.target_id, e.now FROM odd e JOIN dns.oplogs o ON o.zone_id = e.zone AND o.zone_id > 0 AND o.link = e.link
			WHERE e.record IS NULL AND o.operation <> '` + OperationDelete + `'
				AND NOT EXISTS (SELECT FROM dns.oplogs n WHERE n.target_id = o.target_id AND n.target_type = 'Record' AND n.id > o.id)
	), byhand AS MATERIALIZED (` + r.recordsByHand() + `
	), hidden AS MATERIALIZED (SELECT record FROM lost WHERE now EXCEPT SELECT record FROM byhand
	), shown AS MATERIALIZED (SELECT record FROM lost WHERE NOT now UNION SELECT record FROM byhand)`
}

// pastRights are held, ruled and given. A built-in role rules what is younger
// than its set, from when that was replaced until it was replaced again.
func (r rights) pastRights() string {
	return `held AS MATERIALIZED (SELECT u.role_id, u.since, u.until FROM access.user_roles u WHERE u.user_id = ` + r.user + `
	), ruled AS MATERIALIZED (
		SELECT k.kind, 0::bigint AS after, u.since, u.until FROM held u CROSS JOIN (VALUES (0), (2)) AS k (kind) WHERE u.role_id = ` + decimal(access.RoleAdmin) + `
		UNION ALL SELECT k.kind, s.since, greatest(u.since, s.since), least(u.until, s.until) FROM held u JOIN ` + kindRoles + ` ON k.role_id = u.role_id
			CROSS JOIN LATERAL (SELECT x.position AS since, lead(x.position, 1, ` + forEver + `) OVER (ORDER BY x.position) AS until
				FROM (SELECT 0::bigint AS position UNION ALL SELECT c.position FROM access.role_changes c WHERE c.role_id = u.role_id) x) s
	), given AS MATERIALIZED (
		SELECT a.kind, a.id, greatest(u.since, h.since) AS since, least(u.until, h.until) AS until
			FROM held u JOIN access.role_privileges h ON h.role_id = u.role_id JOIN dns.resources a ON a.privilege = h.privilege_id WHERE a.kind IN (0, 2)
		UNION ALL SELECT p.resource_type, p.resource_id, greatest(u.since, h.since, p.since), least(u.until, h.until, p.until)
			FROM held u JOIN access.role_privileges h ON h.role_id = u.role_id JOIN access.privileges p ON p.id = h.privilege_id
			WHERE p.operation = 0 AND p.resource_type IN (0, 2, 3))`
}

// ruledAt says whether the caller could ACCESS the resource a at a position
// without a privilege: as its creator, or by a built-in role.
func (r rights) ruledAt(at string) string {
	return `(a.creator = ` + r.user + ` OR EXISTS (SELECT FROM ruled g WHERE g.kind = a.kind AND g.after < a.created AND ` + holds("g", at) + `))`
}

// seenResources is seen: what lives, by the rights of now, and what was deleted, by those of then.
func (r rights) seenResources() string {
	return `seen AS MATERIALIZED (SELECT a.kind, a.id, a.entries, a.record_entries FROM dns.resources a WHERE a.kind IN (0, 2) AND CASE
		WHEN a.deleted < ` + forEver + ` THEN ` + r.ruledAt("a.deleted") + ` OR (a.kind, a.id) IN (
			SELECT g.kind, g.id FROM given g JOIN dns.resources d ON d.kind = g.kind AND d.id = g.id AND d.deleted < ` + forEver + ` AND ` + holds("g", "d.deleted") + `)
		WHEN a.kind = 0 THEN a.created > ` + r.threshold(access.KindServer) + ` OR a.id IN (` + r.granted(access.KindServer) + `)
		WHEN a.kind = 2 THEN a.created > ` + r.threshold(access.KindZone) + ` OR a.id IN (` + r.granted(access.KindZone) + `)
		END)`
}

// recordsByHand is byhand: records that live, by the rights of now, and those that
// died, by the rights of then.
func (r rights) recordsByHand() string {
	granted := r.granted(access.KindRecord)
	return `SELECT d.id::text AS record FROM (SELECT c.id, ` + recordDied + ` AS at
			FROM (SELECT g.id FROM given g WHERE g.kind = 3 UNION ` + granted + `) c OFFSET 0) d
		WHERE CASE WHEN d.at IS NULL THEN d.id IN (` + granted + `)
			ELSE EXISTS (SELECT FROM given g WHERE g.kind = 3 AND g.id = d.id AND ` + holds("g", "d.at") + `) END`
}

const (
	seenZones = `SELECT s.id FROM seen s WHERE s.kind = 2`

	// seesEntry is the condition under which the caller sees the entry t.
	seesEntry = `CASE t.target_type WHEN 'View' THEN true
		WHEN 'Server' THEN t.target_id IN (SELECT s.id::text FROM seen s WHERE s.kind = 0)
		WHEN 'Zone' THEN t.target_id IN (SELECT s.id::text FROM seen s WHERE s.kind = 2)
		WHEN 'Record' THEN t.zone_id IN (` + seenZones + `) AND t.target_id NOT IN (SELECT h.record FROM hidden h)
			OR t.target_id IN (SELECT h.record FROM shown h)
		ELSE false END`

	// visibleCounts are the numbers of the entries that the caller sees, by target type.
	visibleCounts = `SELECT target_type, entries FROM dns.oplog_counts WHERE target_type = 'View'
		UNION ALL SELECT c.target_type, c.entries FROM (SELECT s.kind, sum(s.entries) AS own, sum(s.record_entries) AS records FROM seen s GROUP BY s.kind) n
			CROSS JOIN LATERAL (VALUES ('Server', 0, n.own), ('Zone', 2, n.own), ('Record', 2, n.records)) AS c (target_type, kind, entries) WHERE c.kind = n.kind
		UNION ALL SELECT 'Record', -n.entries FROM hidden h CROSS JOIN LATERAL (
			SELECT count(*) AS entries FROM dns.oplogs o WHERE o.target_id = h.record AND o.target_type = 'Record' OFFSET 0) n
		UNION ALL SELECT 'Record', n.entries FROM shown h CROSS JOIN LATERAL (
			SELECT count(*) AS entries FROM dns.oplogs o WHERE o.target_id = h.record AND o.target_type = 'Record' AND o.zone_id NOT IN (` + seenZones + `) OFFSET 0) n`

	// visibleEntries are the same entries, found by what they are about.
	visibleEntries = `SELECT o.id, o.target_type FROM (
			SELECT a.id::text AS id, 'View' AS target_type FROM dns.resources a WHERE a.kind = 1
			UNION ALL SELECT s.id::text, 'Server' FROM seen s WHERE s.kind = 0
			UNION ALL SELECT s.id::text, 'Zone' FROM seen s WHERE s.kind = 2
		) r CROSS JOIN LATERAL (SELECT o.id, o.target_type FROM dns.oplogs o WHERE o.target_id = r.id AND o.target_type = r.target_type OFFSET 0) o
		UNION ALL SELECT o.id, 'Record' FROM (` + seenZones + `) s CROSS JOIN LATERAL (
			SELECT o.id, o.target_id FROM dns.oplogs o WHERE o.zone_id = s.id AND o.zone_id > 0 OFFSET 0) o
			WHERE o.target_id NOT IN (SELECT h.record FROM hidden h)
		UNION ALL SELECT o.id, 'Record' FROM shown h CROSS JOIN LATERAL (
			SELECT o.id FROM dns.oplogs o WHERE o.target_id = h.record AND o.target_type = 'Record' AND o.zone_id NOT IN (` + seenZones + `) OFFSET 0) o`

	// recordDied is the position at which the record c died, null while it lives:
	// its last entry tells of its deletion, or hangs on a link that ended.
	recordDied = `(SELECT CASE WHEN o.operation = '` + OperationDelete + `' THEN o.id
			ELSE (SELECT e.at FROM dns.ended_links e WHERE e.zone_id = o.zone_id AND e.link = o.link) END
		FROM dns.oplogs o WHERE o.target_id = c.id::text AND o.target_type = 'Record' ORDER BY o.id DESC LIMIT 1)`
)
