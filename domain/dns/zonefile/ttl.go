package zonefile

import (
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
)

// readTTL reads seconds, or numbers with units: 3600, 1h30m. It says whether the text is one of
// those, and returns a number beyond [dns.MaxTTL] for what is too large.
func readTTL(text string) (seconds uint64, is bool) {
	const longest = 63 // of named's
	if text == "" || !isDigit(text[0]) || len(text) > longest {
		return 0, false
	}
	plain := strings.Trim(text, "0123456789") == ""
	var sum, number uint64
	digits := false
	for i := 0; i < len(text); i++ {
		if c := text[i]; isDigit(c) {
			number, digits = min(number*10+uint64(c-'0'), tooLong), true
			continue
		}
		unit := unitOf(text[i])
		if unit == 0 || !digits {
			return 0, false
		}
		sum, number, digits = min(sum+number*unit, tooLong), 0, false
	}
	if digits && !plain {
		return 0, false
	}
	return min(sum+number, tooLong), true
}

// tooLong is more than any TTL, and little enough to reckon with.
const tooLong = dns.MaxTTL * 8

func unitOf(c byte) uint64 {
	switch c | 0x20 {
	case 's':
		return 1
	case 'm':
		return 60
	case 'h':
		return 60 * 60
	case 'd':
		return 24 * 60 * 60
	case 'w':
		return 7 * 24 * 60 * 60
	default:
		return 0
	}
}
