package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/translog/verify"
)

// verification is what is checked, and by what.
type verification struct {
	client
	cfg   Config
	Since []string
	Key   string
	// Export is a file that opsledger export has written.
	Export string
}

func verifyCommand() *cli.Command {
	var v verification
	return &cli.Command{
		Name:  "verify",
		Usage: "check that nothing in the log was changed: events, tree, checkpoints, tag index, head",
		Description: "Without --url, --database-url and --export it checks the system of --data, whether it runs or not. It prints what " +
			"it proved, or the first position that is wrong and in what, and then ends with code 1. With --url it reads what /v1/log shows, and " +
			"the server makes that of its events. Of a database whose log is not signed yet it checks what needs no signature, " +
			"says so, and ends with code 0; with --since or --key, or from outside, that is code 1.\n" +
			"A checkpoint that was kept (curl …/v1/log/checkpoint, or <key file>.checkpoint.…) and the key (…/v1/log/key) make it a proof " +
			"also against who could sign a new checkpoint: the log must continue the kept one.",
		Category: "Log and read models",
		UsageText: "opsledger verify --data /var/lib/opsledger\n" +
			"opsledger verify --url https://opsledger.example.com --token $TOKEN \\\n" +
			"  --since kept.checkpoint --key opsledger/…+530d903a+Aek…\n" +
			"opsledger verify --database-url postgres://opsledger@db.example.com/opsledger\nopsledger verify --export log.ndjson.zst",
		Flags: append(trustFlags(&v.Since, &v.Key), append(group("The log",
			textFlag("url", "`URL` of the APIs of an opsledger, to check it from outside", "", &v.URL),
			textFlag("export", "`file` that opsledger export has written, instead of a system", "", &v.Export),
			textFlag("token", "`token` of a login, for --url", "", &v.Token),
			textFlag("ca", "`file` with the certificate (PEM) that signed that of an https URL, where the system does not know it", "", &v.CAFile),
		), storageFlags(&v.cfg)...)...),
		Action: func(ctx context.Context, cmd *cli.Command) error { return v.run(ctx, cmd) },
	}
}

// trustFlags say what of a log is known from elsewhere.
func trustFlags(since *[]string, key *string) []cli.Flag {
	return group("Trust",
		&cli.StringSliceFlag{Name: "since", Usage: "`file` with a checkpoint that was kept, which the log must continue; repeatable",
			Destination: since, Sources: fromEnv("since")},
		textFlag("key", "verifier `key` that is trusted, as /v1/log/key said it (default: what the log calls its keys)", "", key),
	)
}

func (v *verification) run(ctx context.Context, cmd *cli.Command) error {
	if v.URL != "" && v.Export != "" || v.cfg.DatabaseURL != "" && (v.URL != "" || v.Export != "") {
		return errors.New("give one of --url, --database-url and --export, or none for the system of --data")
	}
	options := verify.Options{Key: v.Key, Progress: progressOn(cmd.Root().ErrWriter, "")}
	var err error
	if options.Since, err = keptCheckpoints(v.Since); err != nil {
		return err
	}
	began := time.Now()
	report, err := v.check(ctx, cmd, options)
	if err != nil {
		return err
	}
	return v.print(cmd.Root().Writer, report, time.Since(began))
}

// keptCheckpoints reads the files of --since.
func keptCheckpoints(names []string) (list []translog.Checkpoint, err error) {
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, named("--since", err)
		}
		kept, err := translog.ParseCheckpoint(string(text))
		if err != nil {
			return nil, named("--since", fmt.Errorf("%s: %w", name, err))
		}
		list = append(list, kept)
	}
	return list, nil
}

func (v *verification) check(ctx context.Context, cmd *cli.Command, options verify.Options) (verify.Report, error) {
	if v.URL != "" {
		if v.Token == "" {
			v.Token = "none" // a log may be public
		}
		if err := v.client.complete(); err != nil {
			return verify.Report{}, err
		}
		return verify.Remote(ctx, v.get, options)
	}
	if v.Export != "" {
		file, err := os.Open(v.Export)
		if err != nil {
			return verify.Report{}, named("--export", err)
		}
		defer file.Close()
		return verify.Export(ctx, file, options)
	}
	tables, err := openTables(ctx, cmd, &v.cfg)
	if err != nil {
		return verify.Report{}, err
	}
	defer func() { _ = tables.close() }()
	return verify.Database(ctx, verify.DatabaseConfig{Connect: tables.connect, Connections: max(2, runtime.GOMAXPROCS(0))}, options)
}

// get reads what is below /v1/log.
func (v *verification) get(ctx context.Context, path string, most int64) ([]byte, error) {
	reply, err := v.do(ctx, http.MethodGet, "/v1/log/"+path, nil, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(io.LimitReader(reply.Body, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s: the reply has more than %d bytes", path, most)
	}
	return text, err
}

// progressOn tells about once a second how far a check is.
func progressOn(w io.Writer, what string) func(done, of int64) {
	var mu sync.Mutex
	shown := time.Now()
	return func(done, of int64) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(shown) >= time.Second {
			shown = time.Now()
			fmt.Fprintf(w, "%s%d of %d events (%d %%)\n", what, done, of, 100*done/max(of, 1))
		}
	}
}

// print says what was proved, and what was not.
func (v *verification) print(w io.Writer, r verify.Report, took time.Duration) error {
	if r.Checkpoint.Size == 0 {
		_, err := fmt.Fprintf(w, "the log is not yet signed: of %d events each follows the one before it, "+
			"and whether one was changed nobody can say (%s)\n", r.Events, took.Round(time.Millisecond))
		return err
	}
	said := fmt.Sprintf("%s: %d events, of which %d are under the newest checkpoint; "+
		"each is the one that was put into the tree, and follows the one before it (%s)\n",
		r.Checkpoint.Origin, r.Events, r.Sealed, took.Round(time.Millisecond))
	if r.Entries > 0 {
		said += fmt.Sprintf("the tag index has the %d entries of the events' tags and no others; the head is that of the last event\n", r.Entries)
	}
	if v.URL != "" {
		said += "seen from outside: the entries that the server makes of its events, not the events, the tag index and the head\n"
	}
	if v.Export != "" {
		said += "of a file: the tag index and the head are in none\n"
	}
	_, err := io.WriteString(w, said+trustOf(r))
	return err
}

// trustOf says what of the log is known to be that of before, and of whom.
func trustOf(r verify.Report) (said string) {
	for _, size := range r.Continues {
		said += fmt.Sprintf("the log continues the checkpoint of position %d that was kept\n", size)
	}
	if r.Trusted {
		return said + "the checkpoint is signed with the trusted key, or one that it vouches for\n"
	}
	return said + "the key was not checked: whoever could change the database and sign anew would not be seen; " +
		"give --key, and --since with a checkpoint that you kept\n"
}
