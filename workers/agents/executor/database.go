package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
	"github.com/opsledger/opsledger/workers/agents/executor/sqlfiles"
)

// script is an SQL file and the file that undoes it, by their digests.
type script struct {
	Name string `json:"name"`
	Up   string `json:"up"`
	Down string `json:"down"`
}

const (
	sqlSuffix  = ".sql"
	downSuffix = ".down"
	// largestSQL bounds a file of SQL, in bytes: it is held in memory as a whole.
	largestSQL = 64 << 20
	// askAgain is how often a database that cannot be reached is asked again.
	askAgain = 5 * time.Second
)

// updateDatabase carries out the built-in update_db, or its revert.
func (j *job) updateDatabase(ctx context.Context) outcome {
	database, ok := j.act.databases[j.a.Target]
	if !ok {
		return failed(fmt.Errorf("unknown database %q", j.a.Target))
	}
	address, err := database.address()
	if err != nil {
		return failed(err)
	}
	scripts, err := j.scripts(database)
	if err != nil {
		return failed(err)
	}
	texts, err := j.texts(scripts)
	if err != nil {
		return failed(err)
	}
	ran := 0
	progress := j.steps(0, 99)
	err = sqlfiles.Run(ctx, address, texts, sqlfiles.Observer{
		Message: j.say,
		Ran: func(f sqlfiles.File) {
			ran++
			j.say(f.Name + ": done")
			progress(ran, len(texts))
		},
		Committing: func(xid string) error { return j.committing(ctx, scripts, xid) },
	})
	if err != nil {
		return failed(err)
	}
	return outcome{state: ops.Succeeded, message: filesText(len(texts)) + " run in one transaction"}
}

// committing writes to the journal which transaction to ask the database about, in
// case the agent is killed at the commit.
func (j *job) committing(ctx context.Context, scripts []script, xid string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	d := &intent{Target: j.a.Target, Scripts: scripts, XID: xid}
	if err := j.persist(entry{Intent: d}); err != nil {
		return err
	}
	j.a.intent = d
	return nil
}

// address returns the database's address. It refuses a file that others can read.
func (d DatabaseSettings) address() (string, error) {
	if d.URLFile == "" {
		return d.URL, nil
	}
	info, err := os.Stat(d.URLFile)
	if err == nil {
		err = onlyOurs(info)
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = fmt.Errorf("its mode %v lets others read it", info.Mode().Perm())
	}
	if err != nil {
		return "", fmt.Errorf("url_file: %w", err)
	}
	text, err := os.ReadFile(d.URLFile)
	return strings.TrimSpace(string(text)), err
}

// scripts lists the files to run. For an update these are the named files; for a
// revert, in reverse order, the undo files of the reverted attempt, as they were when
// it ran.
func (j *job) scripts(d DatabaseSettings) ([]script, error) {
	if j.a.Mode == ops.ModeUpdate {
		return j.readScripts(d)
	}
	of, err := j.original()
	if err != nil {
		return nil, err
	}
	scripts := slices.Clone(of.Scripts)
	slices.Reverse(scripts)
	for i, s := range scripts {
		scripts[i] = script{Name: otherWay(s.Name), Up: s.Down, Down: s.Up}
	}
	return scripts, nil
}

func otherWay(name string) string {
	base := strings.TrimSuffix(name, sqlSuffix)
	if up, ok := strings.CutSuffix(base, downSuffix); ok {
		return up + sqlSuffix
	}
	return base + downSuffix + sqlSuffix
}

// readScripts stores the named files and their undo files, which must exist.
func (j *job) readScripts(d DatabaseSettings) ([]script, error) {
	self, err := asuser.Start(j.act.user)
	if err != nil {
		return nil, err
	}
	defer self.Stop()
	folder, err := files.OpenFolder(d.Folder, self)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	var scripts []script
	var missing []string
	for _, name := range j.a.Files() {
		base := strings.TrimSuffix(name, sqlSuffix)
		if strings.HasSuffix(base, downSuffix) {
			return nil, fmt.Errorf("%s takes another file back; it runs with a revert", name)
		}
		digests := [2]string{}
		for i, name := range []string{base + sqlSuffix, base + downSuffix + sqlSuffix} {
			state, err := folder.Look(name, j.e.store)
			if err != nil {
				return nil, err
			}
			if !state.Exists() {
				missing = append(missing, name)
			}
			digests[i] = state.Digest
		}
		scripts = append(scripts, script{Name: base + sqlSuffix, Up: digests[0], Down: digests[1]})
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("there is no %s", someNames(missing))
	}
	return scripts, nil
}

// texts reads the files to run. It also checks the files that would undo them.
func (j *job) texts(scripts []script) ([]sqlfiles.File, error) {
	var all []sqlfiles.File
	for _, s := range scripts {
		up, err := j.text(s.Name, s.Up)
		if err != nil {
			return nil, err
		}
		if _, err := j.text(otherWay(s.Name), s.Down); err != nil {
			return nil, err
		}
		all = append(all, up)
	}
	return all, nil
}

func (j *job) text(name, digest string) (sqlfiles.File, error) {
	content, err := j.e.store.Open(digest)
	if err != nil {
		return sqlfiles.File{}, err
	}
	defer content.Close()
	text, err := io.ReadAll(io.LimitReader(content, largestSQL+1))
	if err != nil {
		return sqlfiles.File{}, err
	}
	if len(text) > largestSQL {
		return sqlfiles.File{}, fmt.Errorf("%s has more than %d bytes", name, largestSQL)
	}
	return sqlfiles.Read(name, string(text))
}

// recoverDatabase asks the database whether the transaction was committed that was
// being committed when the agent was killed. It asks until the database answers or
// the action's time is over.
func (j *job) recoverDatabase(ctx context.Context) outcome {
	unknown := interrupted("the agent was killed at the commit; whether it happened is not known: ")
	act := j.e.actions[j.a.Action]
	if act == nil {
		unknown.message += "update_db is no longer allowed"
		return unknown
	}
	limit, cancel := context.WithTimeout(ctx, act.limits.timeout)
	defer cancel()
	for {
		address, err := act.databases[j.a.Target].address()
		if err == nil {
			var committed bool
			if committed, err = sqlfiles.Committed(limit, address, j.a.intent.XID); err == nil {
				if committed {
					return outcome{state: ops.Succeeded, message: filesText(len(j.a.intent.Scripts)) + " run in one transaction"}
				}
				return interrupted("the agent was killed before the commit; nothing was changed")
			}
		}
		select {
		case <-limit.Done():
			if errors.Is(context.Cause(ctx), errStopped) {
				return outcome{} // the agent's next life asks again
			}
			unknown.message += err.Error()
			return unknown
		case <-time.After(askAgain):
		}
	}
}
