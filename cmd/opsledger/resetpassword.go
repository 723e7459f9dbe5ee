package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v3"
	"golang.org/x/term"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/datafolder"
)

// newPassword says where reset-password takes a password from.
type newPassword struct {
	File   string
	Random bool
}

func resetPasswordCommand() *cli.Command {
	var cfg Config
	var from newPassword
	return &cli.Command{
		Name:      "reset-password",
		Usage:     "give a local user another password, and end all their tokens and credentials",
		ArgsUsage: "<user>",
		Description: "For whoever can read the data folder, or the key file and the database. It works on a stopped opsledger and on one " +
			"that runs. The password is asked for at a terminal, and read from standard input where that is none.",
		Category:  "Users and trust",
		UsageText: "opsledger reset-password admin\nopsledger reset-password --random --data /var/lib/opsledger admin",
		Flags: append(group("Password",
			textFlag("password-file", "`file` whose first line is the password", "", &from.File),
			&cli.BoolFlag{Name: "random", Usage: "make a password, and print it once", Destination: &from.Random, Sources: fromEnv("random")},
		), storageFlags(&cfg)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() != 1 {
				return errors.New("give the name of one user: opsledger reset-password <user>")
			}
			return resetPassword(ctx, cmd, cfg, cmd.Args().First(), from)
		},
	}
}

func resetPassword(ctx context.Context, cmd *cli.Command, cfg Config, name string, from newPassword) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	if err := wantSystem(cfg); err != nil {
		return err
	}
	password, err := from.take(ctx, cmd.Root().ErrWriter)
	if err != nil {
		return err
	}
	if access.CheckPassword(password) != nil {
		return errors.New("a password has 6 to 128 characters, in UTF-8")
	}
	return withLog(ctx, cmd, &cfg, func(l *openLog) error {
		id, err := identity.ResetPassword(ctx, l.store, l.vault, name, password)
		if err != nil {
			return fmt.Errorf("user %q: %w", name, err)
		}
		if id == access.AdminID {
			// What a first start has left to be shown is not the password any more.
			if err := os.Remove(filepath.Join(cfg.Data, passwordFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		said := fmt.Sprintf("user %s has the new password, and all their tokens and credentials have ended\n", name)
		if from.Random {
			said += fmt.Sprintf("  password  %s   (shown only now)\n", password)
		}
		_, err = io.WriteString(cmd.Root().Writer, said)
		return err
	})
}

// wantSystem refuses a folder in which there never was an opsledger: opening it would
// make one, without the user.
func wantSystem(cfg Config) error {
	if cfg.DatabaseURL != "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(cfg.Data, privateDatabase)); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := datafolder.ReadRunning(cfg.Data); err == nil {
		folder, err := datafolder.Open(cfg.Data)
		if errors.Is(err, datafolder.ErrInUse) {
			return nil // by one that has an outside database, and says which
		}
		if err := errors.Join(err, folder.Close()); err != nil {
			return err
		}
	}
	return fmt.Errorf("--data: there is no database in %s; give --data, or --database-url and --key-file, of the opsledger that is meant",
		cfg.Data)
}

// take returns the password, which it asks for at a terminal.
func (p newPassword) take(ctx context.Context, prompt io.Writer) (string, error) {
	switch {
	case p.Random && p.File != "":
		return "", errors.New("give --random or --password-file, not both")
	case p.Random:
		return rand.Text(), nil
	case p.File != "":
		file, err := os.Open(p.File)
		if err != nil {
			return "", named("--password-file", err)
		}
		defer file.Close()
		password, err := firstLine(file)
		return password, named("--password-file", err)
	case term.IsTerminal(int(os.Stdin.Fd())):
		return askTwice(ctx, prompt, "New password")
	}
	password, err := firstLine(os.Stdin)
	return password, named("standard input", err)
}

// firstLine returns what stands before the end of the line.
func firstLine(r io.Reader) (string, error) {
	const longest = 4 << 10 // of 128 characters, with room for an error that names the limit
	line, err := bufio.NewReader(io.LimitReader(r, longest)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("there is nothing in the first line")
	}
	return line, nil
}

// askTwice asks for something secret at the terminal, and again.
func askTwice(ctx context.Context, prompt io.Writer, what string) (string, error) {
	return atTerminal(ctx, func(terminal int) (string, error) {
		first, err := ask(terminal, prompt, what+": ")
		if err == nil {
			var again string
			if again, err = ask(terminal, prompt, "The same again: "); err == nil && again != first {
				err = errors.New("the two are not the same")
			}
		}
		return first, err
	})
}

// atTerminal asks at the terminal, which does not show what is typed. It shows it again when
// this returns, also because ctx has ended.
func atTerminal(ctx context.Context, asking func(terminal int) (string, error)) (string, error) {
	terminal := int(os.Stdin.Fd())
	before, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // which stays behind in its read if ctx ends, as the program does then
		text, err := asking(terminal)
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(terminal, before))
	}
}

func ask(terminal int, prompt io.Writer, what string) (string, error) {
	if _, err := fmt.Fprint(prompt, what); err != nil {
		return "", err
	}
	text, err := term.ReadPassword(terminal)
	_, _ = fmt.Fprintln(prompt) // what follows begins on a line of its own; nothing is lost if not
	return string(text), err
}
