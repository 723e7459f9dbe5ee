package privatepg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/wholefile"
)

// createCluster runs initdb unless the folder holds a cluster already. It works
// beside the final place and renames, so a crash never leaves half a cluster.
func createCluster(ctx context.Context, b binaries, dir string, durable bool) (data string, err error) {
	data = filepath.Join(dir, "data")
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); err == nil {
		return data, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	fresh := filepath.Join(dir, "data.new")
	if err := os.RemoveAll(fresh); err != nil {
		return "", err
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return "", err
	}
	if err := initdb(ctx, b, fresh, durable); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, data); err != nil {
		return "", fmt.Errorf("put the new cluster in place: %w", err)
	}
	return data, wholefile.SyncFolder(dir)
}

func initdb(ctx context.Context, b binaries, fresh string, durable bool) error {
	args := []string{"--pgdata=" + fresh, "--username=" + superuser, "--auth=trust", "--encoding=UTF8", "--locale=C", "--data-checksums"}
	if !durable {
		args = append(args, "--no-sync")
	}
	output, err := child.Run(ctx, child.Spec{
		Name: "initdb", Path: b.initdb, Args: args, Env: environment(), Dir: "/",
		Unprivileged: true, Owns: []string{fresh},
	})
	if err == nil {
		return nil
	}
	if said := lastLine(output); said != "" {
		return fmt.Errorf("create the database cluster: %w: %s", err, said)
	}
	return fmt.Errorf("create the database cluster: %w", err)
}

// environment is what the server gets beside what every child has: on any host it
// speaks the same language and has the same time.
func environment() []string { return []string{"LC_ALL=C", "TZ=UTC"} }

func lastLine(output []byte) string {
	text := strings.TrimSpace(string(output))
	return text[strings.LastIndexByte(text, '\n')+1:]
}
