package confcheck

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/opsledger/opsledger/internal/child"
)

// localTimeout bounds the program's run.
const localTimeout = 10 * time.Second

// generatedLine matches the place in the rendered text that the program names in front
// of a fault. It tells the author of the configuration nothing.
var generatedLine = regexp.MustCompile(`(?m)^named\.conf:\d+: `)

// checkHere runs named-checkconf on a rendered text and returns its objections. The text
// is checked without the statements that an agent adds (control channel, views, zones):
// statements that would clash with those are refused when a configuration is parsed.
func (c *Checker) checkHere(ctx context.Context, text string) (verdict string, err error) {
	program, err := c.program()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "opsledger-checkconf-") // mode 0700
	if err != nil {
		return "", fmt.Errorf("check the configuration here: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "named.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("check the configuration here: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, file)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("check the configuration here: %w", ctx.Err())
	case errors.As(err, &exit):
		return userText(string(output), file), nil
	case err != nil:
		return "", fmt.Errorf("check the configuration here: %w", err)
	}
	return "", nil
}

func (c *Checker) program() (string, error) {
	if c.cfg.Program != "" {
		return c.cfg.Program, nil
	}
	if path, err := child.Find("named-checkconf"); err == nil {
		return path, nil
	}
	return "", ErrNoChecker
}

// userText is the program's output for the user: without the path of the temporary file
// and without line numbers of the rendered text, which the user has never seen.
func userText(output, file string) string {
	output = strings.TrimSpace(strings.ReplaceAll(output, file, "named.conf"))
	output = generatedLine.ReplaceAllString(output, "")
	if output == "" {
		return "named-checkconf refuses the configuration without saying why"
	}
	return output
}
