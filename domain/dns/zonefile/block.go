package zonefile

import (
	"strings"

	mdns "github.com/miekg/dns"
)

// block is the RRsets of one owner that named gathers before it adds them to the zone.
type block struct {
	name string
	// owner is the key of the name.
	owner string
	// ttls has the TTL of each type: that of its first record in the block.
	ttls map[uint16]uint32
	// servers are what the block's NS records point to, as on the wire and in lower case.
	servers map[string]bool
}

// blocks says which TTLs RRsets have, as it comes about in named (load_text in its master.c).
//
// Invariants:
//  1. Records with one owner in a row are a block, in which the first TTL of a type holds for
//     all of its records. Names in different case are different owners to it.
//  2. Where the names behind are those that the block's NS records point to, their records are
//     blocks of their own, and the block goes on behind them.
//  3. A block is added to the zone when it ends; a record of $GENERATE at once. Of the TTLs that
//     an RRset was added with the last one holds.
//  4. Blocks that fill named's buffer end, though their owner goes on.
type blocks struct {
	file *File
	// current is the block of the last owner that is no glue, glue the block that stands within
	// it, nil for none.
	current, glue *block
	// octets are the data in named's buffer, saved those of the current block alone.
	octets, saved int
}

// mostInBlock is how many octets of data named takes before it ends a block (TSIZ - MINTSIZ).
const mostInBlock = 128<<10 - 65_512

// begin takes the owner of the next records.
func (b *blocks) begin(o *owner) {
	if b.glue != nil && b.glue.name != o.name {
		b.end(b.glue)
		b.glue, b.octets = nil, b.saved
	}
	switch {
	case b.glue != nil, b.current != nil && b.current.name == o.name:
	case b.current != nil && b.current.pointsTo(o.name):
		b.glue, b.saved = &block{name: o.name, owner: o.key}, b.octets
	default:
		b.end(b.current)
		b.current, b.octets = &block{name: o.name, owner: o.key}, 0
	}
}

// take takes a record of the present owner, and returns the TTL that it has in its block.
func (b *blocks) take(rrtype uint16, data string, ttl uint32) uint32 {
	at := b.current
	if b.glue != nil {
		at = b.glue
	}
	at.note(rrtype, data)
	first, has := at.ttls[rrtype]
	if !has {
		first = ttl
		at.ttls[rrtype] = ttl
	}
	if b.octets += len(data); b.octets > mostInBlock {
		b.all()
	}
	return first
}

// note keeps what later owners are compared with.
func (k *block) note(rrtype uint16, data string) {
	if k.ttls == nil {
		k.ttls = map[uint16]uint32{}
	}
	if rrtype != mdns.TypeNS {
		return
	}
	if k.servers == nil {
		k.servers = map[string]bool{}
	}
	k.servers[data] = true
}

// pointsTo says whether the block has an NS record with the name.
func (k *block) pointsTo(name string) bool {
	return len(k.servers) > 0 && k.servers[strings.ToLower(wireName(name))]
}

// wireName is an absolute name as on the wire.
func wireName(name string) string {
	buf := make([]byte, 256)
	end, _ := mdns.PackDomainName(name, buf, 0, nil, false) // of a name that was packed before
	return string(buf[:end])
}

// within ends all blocks before a file that is included, in which the owner goes on, and returns
// what is to be called behind it.
func (b *blocks) within(o *owner) (behind func()) {
	b.all()
	current, glue := b.current, b.glue
	b.current, b.glue = &block{name: o.name, owner: o.key}, nil
	return func() {
		b.all()
		b.current, b.glue = current, glue
	}
}

// all ends all blocks, though their owners may go on.
func (b *blocks) all() {
	b.end(b.current)
	b.end(b.glue)
	b.octets = 0
}

// end gives a block's TTLs to the file.
func (b *blocks) end(k *block) {
	if k == nil {
		return
	}
	for rrtype, ttl := range k.ttls {
		b.file.setTTL(k.owner, rrtype, ttl)
	}
	k.ttls, k.servers = nil, nil
}
