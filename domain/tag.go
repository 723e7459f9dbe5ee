package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// TagEnrolments marks every event, of whatever context, by which an agent begins
// or ceases to be trusted. No decision reads this tag; the roster of agents does.
const TagEnrolments Tag = "enrolments:all"

// IDTag returns the tag "<kind>:<id>".
func IDTag(kind string, id int64) Tag {
	var room [48]byte
	return Tag(strconv.AppendInt(append(append(room[:0], kind...), ':'), id, 10))
}

// TextTag returns the tag "<kind>:<text>". It keeps it within the log's limits
// whatever the text is: one that is long or has bytes that a tag must not have
// is replaced by its digest.
func TextTag(kind, text string) Tag {
	plain := len(text) <= 300
	for i := 0; plain && i < len(text); i++ {
		plain = text[i] > ' ' && text[i] < 0x7f
	}
	if !plain {
		sum := sha256.Sum256([]byte(text))
		return Tag(kind + "#" + hex.EncodeToString(sum[:]))
	}
	return Tag(kind + ":" + text)
}

// JoinTags returns the tags without repeats, keeping the first of each.
func JoinTags(tags ...Tag) []Tag {
	out := make([]Tag, 0, len(tags))
	for _, t := range tags {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}
