package eventstore

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// hashTag is a tag's key in log.event_tags. It is stored, so it never changes.
func hashTag(t domain.Tag) int64 {
	sum := sha256.Sum256([]byte(t))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// hashType is a type's code in log.event_tags. It is stored, so it never changes.
func hashType(name string) int32 {
	sum := sha256.Sum256([]byte(name))
	return int32(binary.BigEndian.Uint32(sum[:4]))
}

func hashTypes(names []string) []int32 {
	codes := make([]int32, len(names))
	for i, name := range names {
		codes[i] = hashType(name)
	}
	return codes
}

// typeList writes the codes of types as PostgreSQL's text of an int[], empty for all types.
func typeList(types []string) string {
	if len(types) == 0 {
		return ""
	}
	b := make([]byte, 0, 12*len(types)+1)
	for i, t := range types {
		b = append(b, "{,"[min(i, 1)])
		b = strconv.AppendInt(b, int64(hashType(t)), 10)
	}
	return string(append(b, '}'))
}

// joinTags and splitTags convert the column tags. A tag holds no line feed, see check.go.
func joinTags(tags []domain.Tag) string {
	var b strings.Builder
	for i, t := range tags {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(string(t))
	}
	return b.String()
}

func splitTags(text string) []domain.Tag {
	if text == "" {
		return nil
	}
	return appendSplit(make([]domain.Tag, 0, strings.Count(text, "\n")+1), text)
}

func appendSplit(tags []domain.Tag, text string) []domain.Tag {
	if text == "" {
		return tags
	}
	for tag := range strings.SplitSeq(text, "\n") {
		tags = append(tags, domain.Tag(tag))
	}
	return tags
}

// selects says whether an item reads the event; hashes alone do not prove it.
func selects(tag domain.Tag, types []string, e *protocol.Envelope) bool {
	return slices.Contains(e.Tags, tag) && (len(types) == 0 || slices.Contains(types, e.Type))
}
