package moveout

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxFileName leaves room for what else a file system, or named, puts into a name.
const maxFileName = 200

// fileName is that of a zone's file: the zone's name, in which a slash, as in zones of RFC 2317,
// is %2f. Of a name that is too long there is the beginning, and a digest.
func fileName(zone string) string {
	name := strings.ReplaceAll(zone, "/", "%2f")
	if len(name) > maxFileName {
		sum := sha256.Sum256([]byte(zone))
		name = name[:maxFileName/2] + "-" + hex.EncodeToString(sum[:])
	}
	return name + extension
}
