package bind

import (
	"slices"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
)

// How a job's changes reach named. Nobody who asks named may see a part of a change of the
// log, as far as that can be had:
//
//  1. What fits into one message goes into one, whichever changes of the log it is of.
//  2. Else each message has one or several whole changes of the log.
//  3. A change that does not fit into a message takes the place of the whole zone's file at
//     once, if the zone is small beside the change; see rewrite.go. So does whatever a
//     comparison has found, since it is not known which changes of the log that is of.
//  4. So does a zone whose serial is to become one that is not later by RFC 1982: a journal
//     that had a serial twice, or in no order, would keep named from loading the zone.
//  5. Else the change goes name by name: each message has all of some names, see
//     groupByName. No RRset is ever in part what it is to be, and no name that stays is
//     ever missing.

// rewriteShare is how many RRsets of a zone may come on each changed one for the zone to be
// small beside the change. Up to that share such a change is read back by a transfer of the
// whole zone in any case, see transferPays.
const rewriteShare = transferCost

// rewriteTries is how many tries in a row may fail before a zone is changed name by name.
const rewriteTries = 2

// mayRewrite says whether the zone may be replaced by a file, as far as can be told before
// the messages are made.
func (j *job) mayRewrite() bool {
	if j.byNames || j.full {
		return j.full && !j.byNames
	}
	if estimate(j.content.zone, j.changes) <= maxUpdate {
		return false
	}
	return j.apexChanged || j.size <= rewriteShare*len(j.changes)
}

// back says whether the job's serial is not later than that which named has: named was away for
// very long, or somebody else has changed the zone.
func (j *job) back(held *mdns.SOA) bool { return !dns.SerialLater(j.serial, held.Serial) }

// estimate is about how many octets the changes have without compression.
func estimate(zone string, changes []change) (total int) {
	const fixed = 12 // root label, type, class, TTL, length
	for _, ch := range changes {
		header := len(ch.key.owner) + len(zone) + fixed
		if ch.held != nil {
			total += header
		}
		if ch.want != nil {
			for _, data := range ch.want.rdata {
				total += header + len(data)
			}
		}
	}
	return total
}

// distribute returns the operations of each message, at least one, which may be without
// operations. With rewrite the zone is to be replaced by a file instead.
func (j *job) distribute(changes []change) (parts [][]mdns.RR, rewrite bool, err error) {
	names, err := groupByName(j.content, changes)
	if err != nil {
		return nil, false, err
	}
	if all := slices.Concat(names...); fits(j.content, all) {
		return [][]mdns.RR{all}, false, nil
	}
	if j.mayRewrite() && (j.full || j.apexChanged) {
		return nil, true, nil
	}
	for _, step := range j.steps(changes) {
		if names, err = groupByName(j.content, step); err != nil {
			return nil, false, err
		}
		switch all := slices.Concat(names...); {
		case fits(j.content, all):
			parts = appendPart(parts, all)
		case j.mayRewrite():
			return nil, true, nil
		default:
			parts = append(parts, packGroups(names)...)
		}
	}
	return parts, false, nil
}

// steps are the changes of the log that the job carries, or all as one where these are not
// known.
func (j *job) steps(changes []change) [][]change {
	if j.full || j.apexChanged {
		return [][]change{changes}
	}
	return j.trail.steps(j.held, func(key setKey) bool { _, generated := j.content.apex.sets[key]; return generated })
}

// appendPart puts the operations into the last message if it has room for them.
func appendPart(parts [][]mdns.RR, ops []mdns.RR) [][]mdns.RR {
	if n := len(parts); n > 0 && sizeOf(parts[n-1])+sizeOf(ops) <= maxUpdate {
		parts[n-1] = append(parts[n-1], ops...)
		return parts
	}
	return append(parts, ops)
}
