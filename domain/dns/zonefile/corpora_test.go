package zonefile_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

// corporaFolder names the variable with a folder of files on which other programs test their
// readers of master files. None of them is a part of this repository.
const corporaFolder = "OPSLEDGER_ZONE_CORPORA"

// Each file of the corpora is read as named-compilezone reads it, but for lines that are refused.
func TestCorpora(t *testing.T) {
	t.Parallel()
	folder := os.Getenv(corporaFolder)
	if folder == "" {
		t.Skip(corporaFolder + " names no folder of master files")
	}
	const longest = 1 << 20
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || len(data) > longest || bytes.IndexByte(data, 0) >= 0 {
			return err
		}
		t.Run(strings.TrimPrefix(path, folder), func(t *testing.T) {
			t.Parallel()
			compareRest(t, zoneOf(path, string(data)), string(data))
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	soaOwner  = regexp.MustCompile(`(?im)^([a-z0-9_][a-z0-9_.-]*)\.[ \t](?:.*[ \t])?SOA[ \t]`)
	setOrigin = regexp.MustCompile(`(?im)^\$ORIGIN[ \t]+([a-z0-9_][a-z0-9_.-]*)\.[ \t\r\n;]`)
	ofFile    = regexp.MustCompile(`^(?:db\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)\.?(?:zone|db)?$`)
)

// zoneOf guesses which zone a file is of.
func zoneOf(path, text string) string {
	for _, in := range []*regexp.Regexp{soaOwner, setOrigin} {
		if m := in.FindStringSubmatch(text); m != nil {
			return strings.ToLower(m[1])
		}
	}
	if m := ofFile.FindStringSubmatch(filepath.Base(path)); m != nil && strings.Contains(text, "SOA") {
		return m[1]
	}
	return zone
}

// compareRest compares what is left of a text once what either side refuses is taken out.
func compareRest(t *testing.T, zone, text string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	ending := ""
	for range len(lines) + 5 {
		file := readRest(t, zone, lines, ending)
		if file == nil {
			return
		}
		records, said, loaded := theirs(t, zone, strings.Join(lines, "\n")+ending)
		switch {
		case loaded:
			if got := ours(file); !slices.Equal(got, records) {
				t.Errorf("%s: only ours\n%s\nonly named-compilezone's\n%s\n%s", zone, without(got, records), without(records, got), said)
			}
			t.Logf("%s: %d records compared", zone, len(records))
			return
		case ending == "" && (strings.Contains(said, "has 0 SOA records") || strings.Contains(said, "has no NS records")):
			ending = endingOf(zone, file)
		case takeOut(t, lines, said):
		case noAddress.MatchString(said):
			for _, m := range noAddress.FindAllStringSubmatch(said, -1) {
				ending += "\n" + m[1] + ". 300 IN A 192.0.2.1\n"
			}
		default:
			t.Logf("%s is not loaded:\n%s", zone, said)
			return
		}
	}
}

// endingOf makes a loadable zone of a file. It stands behind all that is compared.
func endingOf(zone string, file *zonefile.File) string {
	out := "\n$ORIGIN .\n"
	if file.SOA == nil {
		out += zone + ". 300 IN SOA m.x. h.x. 1 2 3 4 5\n"
	}
	return out + zone + ". 300 IN NS m.x.\n"
}

// readRest takes out lines until the rest is read.
func readRest(t *testing.T, zone string, lines []string, ending string) *zonefile.File {
	t.Helper()
	for range len(lines) + 1 {
		file, err := zonefile.Read(t.Context(), strings.NewReader(strings.Join(lines, "\n")+ending), zone, 1_000_000)
		var refused *zonefile.Error
		switch {
		case err == nil:
			return file
		case !errors.As(err, &refused):
			t.Logf("%s: %v", zone, err)
			return nil
		}
		for _, l := range refused.Lines {
			lines[l.Line-1] = ""
		}
	}
	t.Errorf("%s: the same line is refused again and again", zone)
	return nil
}

var (
	atLine    = regexp.MustCompile(`/zone:([0-9]+): (.*)`)
	noAddress = regexp.MustCompile(`NS '(.*)' has no address records`)
)

// takeOut takes out what named-compilezone refuses. That is a fault unless it is refused for what
// the records are among each other.
func takeOut(t *testing.T, lines []string, said string) (took bool) {
	t.Helper()
	for _, m := range atLine.FindAllStringSubmatch(said, -1) {
		at, _ := strconv.Atoi(m[1]) // digits
		if at = min(at, len(lines)); isWarning(m[2]) {
			continue
		}
		for at > 1 && lines[at-1] == "" { // named tells the last line of an entry
			at--
		}
		if lines[at-1] == "" {
			continue
		}
		if !isOfTheZone(m[2]) {
			t.Errorf("taken, but refused by named-compilezone (%s):\n%s", m[2], lines[at-1])
		}
		lines[at-1], took = "", true
	}
	if strings.Contains(said, "CDS/CDNSKEY consistency checks failed") {
		for i, line := range lines {
			if strings.Contains(line, "CDS") || strings.Contains(line, "CDNSKEY") {
				lines[i], took = "", true
			}
		}
	}
	return took
}

func isWarning(said string) bool {
	for _, warning := range []string{"ignoring out-of-zone data", "TTL set to prior TTL", "using RFC1035 TTL", "no TTL specified; using", "record with inherited owner",
		"signature has expired", "old style DNSSEC", "file does not end"} {
		if strings.Contains(said, warning) {
			return true
		}
	}
	return false
}

func without(lines, others []string) string {
	have := map[string]bool{}
	for _, o := range others {
		have[o] = true
	}
	var out []string
	for _, l := range lines {
		if !have[l] {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}
