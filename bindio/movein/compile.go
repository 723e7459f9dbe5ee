package movein

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/internal/child"
)

// compileZone is the program of BIND that reads what named writes.
const compileZone = "named-compilezone"

// compile has named-compilezone read copies of a zone's file and journal, which it gets under
// names of ours, and returns the zone as text, a record in each line.
func (c Contents) compile(ctx context.Context, zone string, from Source, raw bool) (text []byte, err error) {
	program, err := child.Find(compileZone)
	if err != nil {
		return nil, fmt.Errorf("it can be read by %s alone, which is not installed: %w", compileZone, err)
	}
	dir, err := os.MkdirTemp("", "opsledger-zone-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := c.copyBoth(from, dir); err != nil {
		return nil, err
	}
	form := "raw"
	if !raw {
		form = "text"
		if err := refuseIncludes(filepath.Join(dir, fileCopy)); err != nil {
			return nil, err
		}
	}
	args := []string{
		"-j", "-J", journalCopy, "-f", form, "-F", "text", "-s", "full", "-o", textCopy,
		"-i", "none", "-k", "ignore", "-n", "ignore", "-m", "ignore", "-M", "ignore", "-S", "ignore", "-r", "ignore", "-T", "ignore", "-W", "ignore",
		zonedata.Absolute(zone), fileCopy,
	}
	ctx, stop := context.WithTimeout(ctx, compileWithin)
	defer stop()
	if said, err := child.Run(ctx, child.Spec{Name: compileZone, Path: program, Args: args, Dir: dir}); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(string(said)))
	}
	return os.ReadFile(filepath.Join(dir, textCopy))
}

// compileWithin bounds the time of a zone: one of millions of records takes minutes.
const compileWithin = 10 * time.Minute

// refuseIncludes keeps named-compilezone from reading other files, which need not be below a root. The
// word is refused wherever it stands: a line can begin in more ways than by its first octet.
func refuseIncludes(name string) error {
	const directive = "$INCLUDE"
	text, err := os.ReadFile(name)
	if err == nil && bytes.Contains(bytes.ToUpper(text), []byte(directive)) {
		err = errors.New("there is " + directive + " in it, and changes are in a journal: rndc sync -clean writes them into the file")
	}
	return err
}

// names in the folder that named-compilezone works in.
const fileCopy, journalCopy, textCopy = "zone", "zone.jnl", "zone.text"

// copyBoth copies file and journal. A named that runs may write them meanwhile: the file that is
// copied is then another one than before the journal was, and both are copied again.
func (c Contents) copyBoth(from Source, dir string) error {
	const tries = 3
	for range tries {
		before, err := c.copy(from.File, filepath.Join(dir, fileCopy))
		if err != nil {
			return err
		}
		if _, err := c.copy(from.Journal, filepath.Join(dir, journalCopy)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		after, err := c.stat(from.File)
		if err != nil {
			return err
		}
		if os.SameFile(before, after) && before.ModTime().Equal(after.ModTime()) && before.Size() == after.Size() {
			return nil
		}
	}
	return errors.New("named goes on writing it: rndc freeze, and thaw afterwards")
}

func (c Contents) stat(name string) (fs.FileInfo, error) {
	file, err := c.Files.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return file.Stat()
}

// copy copies a file, and says which it was.
func (c Contents) copy(name, to string) (info fs.FileInfo, err error) {
	from, err := c.Files.Open(name)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	if info, err = from.Stat(); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(out, from)
	return info, errors.Join(err, out.Close())
}
