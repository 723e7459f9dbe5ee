// Package checkconf asks the program named-checkconf about a configuration.
//
// Contract: the text was rendered from parsed statements, and names paths below the
// working folder alone, such as "named.log"; no client's text reaches the program. It has
// stand-ins for secrets. The program runs confined, in a folder that has nothing but the
// text in it, a few at a time.
package checkconf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/opsledger/opsledger/internal/child"
)

const (
	// atOnce is how many programs run at the same time.
	atOnce = 2
	// cpuTime is what one may take.
	cpuTime = 10 * time.Second
	// leastMemory and memoryPerOctet of the text are what one may take. An address list
	// of 300 KB needs less than 128 MB in all.
	leastMemory, memoryPerOctet = 256 << 20, 512
	// maxVerdict bounds what is said to the user.
	maxVerdict = 2 << 10
	// refused is the program's exit code when it does not take the text.
	refused = 1

	fileName = "named.conf"
)

// Program is named-checkconf. It may be used by many goroutines.
type Program struct {
	path  string
	slots chan struct{}
}

// New returns the program at the path.
func New(path string) *Program { return &Program{path: path, slots: make(chan struct{}, atOnce)} }

// Check returns the program's objections to the text, nothing if it has none. Folders are
// those that the text names as its own. An error means that the program could not tell.
func (p *Program) Check(ctx context.Context, text string, folders ...string) (verdict string, err error) {
	output, err := p.check(ctx, text, folders)
	if err != nil || output == nil {
		return "", err
	}
	return userText(string(output)), nil
}

// Line is the line of the text at which the program has an objection that begins with this verdict, 0 if it has none.
func (p *Program) Line(ctx context.Context, text, verdict string) (line int, err error) {
	output, err := p.check(ctx, text, nil)
	said, _, _ := strings.Cut(verdict, "\n")
	for fault := range strings.Lines(string(output)) {
		if at := generatedLine.FindStringSubmatch(fault); at != nil && strings.TrimSpace(fault[len(at[0]):]) == said {
			line, _ = strconv.Atoi(at[1])
			return line, err
		}
	}
	return 0, err
}

// check returns what the program prints of a text that it refuses, nil if it takes it.
func (p *Program) check(ctx context.Context, text string, folders []string) (output []byte, err error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for other configurations to be checked: %w", ctx.Err())
	}
	dir, err := folder(text, folders)
	if err != nil {
		return nil, fmt.Errorf("check a configuration: %w", err)
	}
	defer func() { err = errors.Join(err, remove(dir)) }()
	output, err = child.Run(ctx, child.Spec{
		Name: "named-checkconf", Path: p.path, Dir: dir,
		Args: []string{"-c", fileName}, // -c: load no plugin
		Confined: &child.Confinement{
			Memory: leastMemory + memoryPerOctet*uint64(len(text)), CPU: cpuTime, RootArgs: []string{"-t", "."},
		},
	})
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == refused {
		return append([]byte{}, output...), nil // not nil, whatever it says
	}
	if err != nil {
		return nil, fmt.Errorf("check a configuration: %w: %.300s", err, output)
	}
	return nil, nil
}

// folder makes a folder with the text, in which the program may read and not write.
func folder(text string, folders []string) (dir string, err error) {
	dir, err = os.MkdirTemp("", "opsledger-checkconf-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, fileName)
	err = errors.Join(os.WriteFile(file, []byte(text), 0o600), giveToRead(file, 0o440))
	for _, name := range folders {
		inner := filepath.Join(dir, name)
		err = errors.Join(err, os.Mkdir(inner, 0o700), giveToRead(inner, 0o510))
	}
	err = errors.Join(err, giveToRead(dir, 0o510))
	if err != nil {
		return "", errors.Join(err, remove(dir))
	}
	return dir, nil
}

func remove(dir string) error { return errors.Join(os.Chmod(dir, 0o700), os.RemoveAll(dir)) }

// giveToRead lets the group of confined programs at a path of root's.
func giveToRead(path string, mode os.FileMode) error {
	if child.ConfinedAsNobody() {
		if err := os.Chown(path, 0, child.NobodyID); err != nil {
			return err
		}
	}
	return os.Chmod(path, mode)
}

// generatedLine matches the place in the rendered text that the program names in front
// of a fault. It tells the author of the configuration nothing.
var generatedLine = regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(fileName) + `:(\d+): `)

// userText is the program's output for the user: without line numbers of the rendered
// text, which the user has never seen.
func userText(output string) string {
	output = generatedLine.ReplaceAllString(strings.TrimSpace(output), "")
	if len(output) > maxVerdict {
		output = strings.ToValidUTF8(output[:maxVerdict], "") + "…"
	}
	if output == "" {
		return "named-checkconf refuses the configuration without saying why"
	}
	return output
}
