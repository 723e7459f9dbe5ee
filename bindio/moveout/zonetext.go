package moveout

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// maxZone bounds the octets of a zone's file, maxLine those of a line of it: the text of a record of
	// 64 KiB has each octet as four.
	maxZone, maxLine = 4 << 30, 1 << 20
)

// copyZone writes the text of a zone as the API exports it: a record in each line. A line that could be a
// directive is refused, since it would have named read a file, and so is what no export has.
func copyZone(to io.Writer, from io.Reader) error {
	in := bufio.NewReaderSize(io.LimitReader(from, maxZone+1), maxLine)
	for size, number := int64(0), 1; ; number++ {
		line, err := in.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("line %d of the zone: %w", number, err)
		}
		if size += int64(len(line)); size > maxZone {
			return fmt.Errorf("the zone is larger than %d MiB", maxZone>>20)
		}
		if !isRecord(line) {
			return fmt.Errorf("line %d of the zone is no record", number)
		}
		if _, err := to.Write(line); err != nil {
			return err
		}
		if err != nil {
			return nil
		}
	}
}

// isRecord says whether a line begins with a name, and has no control characters.
func isRecord(line []byte) bool {
	line = bytes.TrimSuffix(line, []byte("\n"))
	if len(line) > 0 && bytes.IndexByte([]byte("$\"(); \t"), line[0]) >= 0 {
		return false
	}
	return !bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
