package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/urfave/cli/v3"
	"golang.org/x/term"

	"github.com/opsledger/opsledger/eventstore/vault/vaultfile"
)

// passphrase says where the passphrase of a vault's file comes from.
type passphrase struct{ PassphraseFile string }

func (p *passphrase) flag() cli.Flag {
	return textFlag("passphrase-file", "`file` whose first line is the passphrase (default: it is asked for at the terminal)", "", &p.PassphraseFile)
}

// fresh takes a passphrase for a new file.
func (p passphrase) fresh(ctx context.Context, prompt io.Writer) (text string, err error) {
	if p.PassphraseFile == "" && term.IsTerminal(int(os.Stdin.Fd())) {
		text, err = askTwice(ctx, prompt, "New passphrase")
	} else {
		text, err = p.known(ctx, prompt)
	}
	if err == nil {
		err = named("--passphrase-file", vaultfile.CheckPassphrase(text))
	}
	return text, err
}

// known takes the passphrase of a file that is there.
func (p passphrase) known(ctx context.Context, prompt io.Writer) (string, error) {
	switch {
	case p.PassphraseFile != "":
		file, err := os.Open(p.PassphraseFile)
		if err != nil {
			return "", named("--passphrase-file", err)
		}
		defer file.Close()
		text, err := firstLine(file)
		return text, named("--passphrase-file", err)
	case term.IsTerminal(int(os.Stdin.Fd())):
		return atTerminal(ctx, func(terminal int) (string, error) { return ask(terminal, prompt, "Passphrase: ") })
	}
	return "", errors.New("--passphrase-file: is missing, and there is no terminal to ask at")
}

// open opens the file, and then takes its passphrase.
func (f *vaultFile) open(ctx context.Context, prompt io.Writer) (*os.File, string, error) {
	file, err := os.Open(f.File)
	if err != nil {
		return nil, "", named("--in", err)
	}
	text, err := f.known(ctx, prompt)
	if err != nil {
		return nil, "", errors.Join(err, file.Close())
	}
	return file, text, nil
}
