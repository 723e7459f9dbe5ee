package dns

import (
	"strconv"

	"github.com/opsledger/opsledger/domain"
)

// DefaultTTL is a record's TTL in seconds where neither the record nor its zone's settings
// say one.
const DefaultTTL uint32 = 600

// MaxTTL is the largest TTL in seconds (RFC 2181, section 8).
const MaxTTL = 1<<31 - 1

// ParseTTL reads a TTL in seconds, 0 to 2147483647, in decimal digits.
func ParseTTL(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, domain.Invalid("ttl", "必须是0到%d之间的整数！", MaxTTL)
	}
	return uint32(n), nil
}
