package sshkeys

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// The marks around our block. A file whose last line has no line end gets one before
// the block; beginMarkJoined says so, so that it can be removed together with the block.
const (
	beginMark       = "# BEGIN opsledger: kept by its agent, changes are undone"
	beginMarkJoined = "# BEGIN opsledger: kept by its agent, changes are undone; the line before had no end"
	endMark         = "# END opsledger"
)

// content is an authorized_keys file: what others wrote, and what is in our block.
type content struct {
	// before and after are the bytes around the block.
	before, after []byte
	// ours are the lines of the block.
	ours []string
	// whole says that the file has one block with both marks.
	whole bool
}

// split finds our block. Somebody may have damaged its marks: a mark without its
// counterpart is dropped, together with the lines below it that we have written.
func split(file []byte, written []string) content {
	known := map[string]bool{}
	for _, l := range written {
		known[l] = true
	}
	c := content{whole: true}
	blocks, rest, out := 0, file, &c.before
	for len(rest) > 0 {
		var raw []byte
		raw, rest = cutLine(rest)
		text := strings.TrimRight(string(raw), "\r\n")
		switch text {
		case endMark:
			c.whole = false // the first mark is missing
			continue
		case beginMark, beginMarkJoined:
		default:
			*out = append(*out, raw...)
			continue
		}
		if text == beginMarkJoined {
			*out = bytes.TrimSuffix(*out, []byte("\n"))
		}
		blocks++
		var closed bool
		var found []string
		found, rest, closed = block(rest, known)
		c.ours = append(c.ours, found...)
		c.whole = c.whole && closed
		out = &c.after
	}
	c.whole = c.whole && blocks == 1
	return c
}

// block reads the lines of a block after its first mark.
func block(rest []byte, known map[string]bool) (ours []string, after []byte, closed bool) {
	end := bytes.Index(append([]byte("\n"), rest...), []byte("\n"+endMark+"\n"))
	next := bytes.Index(rest, []byte("# BEGIN opsledger: "))
	closed = end >= 0 && (next < 0 || end < next)
	for len(rest) > 0 {
		raw, left := cutLine(rest)
		text := strings.TrimRight(string(raw), "\r\n")
		if closed && text == endMark {
			return ours, left, true
		}
		if !closed && !known[text] {
			break
		}
		ours, rest = append(ours, text), left
	}
	return ours, rest, false
}

// join writes the file with our block of these lines; without lines there is no block.
func (c content) join(ours []string) []byte {
	file := bytes.Clone(c.before)
	if len(ours) > 0 {
		mark := beginMark
		if len(file) > 0 && file[len(file)-1] != '\n' {
			mark = beginMarkJoined
			file = append(file, '\n')
		}
		for _, l := range append(append([]string{mark}, ours...), endMark) {
			file = append(append(file, l...), '\n')
		}
	}
	if len(ours) == 0 && len(file) > 0 && file[len(file)-1] != '\n' && len(c.after) > 0 {
		file = append(file, '\n') // two lines must not become one
	}
	return append(file, c.after...)
}

func cutLine(text []byte) (line, rest []byte) {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return text[:i+1], text[i+1:]
	}
	return text, nil
}

// digest is the SHA-256 of the lines in hexadecimal; empty for none.
func digest(ours []string) string {
	if len(ours) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(ours, "\n") + "\n"))
	return hex.EncodeToString(sum[:])
}
