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

// generatedLine is where the program places a fault: in the text that was
// written anew, which tells the author of the configuration nothing.
var generatedLine = regexp.MustCompile(`(?m)^named\.conf:\d+: `)

// checkHere runs named-checkconf on a rendered text and returns what it says
// against it. The agents' own frame (channel, views, zones) is not around it: statements
// that would clash with that are refused when the text is parsed.
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
		return said(string(output), file), nil
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

// said is the program's output as the user should see it: without our path and
// without lines of a text that the user never saw.
func said(output, file string) string {
	output = strings.TrimSpace(strings.ReplaceAll(output, file, "named.conf"))
	output = generatedLine.ReplaceAllString(output, "")
	if output == "" {
		return "named-checkconf refuses the configuration without saying why"
	}
	return output
}
