package bind

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/child"
)

// checkTimeout is how long named-checkconf may take.
const checkTimeout = 30 * time.Second

// generatedLine is where the program places a fault: in the file that was
// generated, which tells the author of the configuration nothing.
var generatedLine = regexp.MustCompile(`(?m)^named\.conf:\d+: `)

// checkFile runs named-checkconf on a file. A refusal is a [domain.Error] in the
// program's own words, without the paths below dir; any other error means that
// nothing was found out.
func checkFile(ctx context.Context, program, dir, file string) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	out, err := child.Run(ctx, child.Spec{Name: "named-checkconf", Path: program, Args: []string{file}})
	if err == nil {
		return nil
	}
	text := strings.TrimSpace(string(out))
	if ctx.Err() != nil || text == "" {
		return err
	}
	text = strings.ReplaceAll(text, file, "named.conf")
	text = strings.ReplaceAll(text, dir+string(filepath.Separator), "")
	text = generatedLine.ReplaceAllString(text, "")
	return &domain.Error{Code: domain.CodeInvalid, Field: "bind_conf", Message: text}
}

// CheckConf says, by a [domain.Error] in the words of named's checking program,
// why named would not take the main configuration text, whose secrets are in
// clear. The program sees it with the current views around it, in a folder of
// its own. Any other error means that it could not be checked.
func (e *Engine) CheckConf(ctx context.Context, text string) error {
	e.mu.Lock()
	views := maps.Clone(e.ledger.views)
	e.mu.Unlock()
	conf, err := dns.ParseBindConf(text)
	if err != nil {
		return err
	}
	if err := conf.Validate(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "opsledger-checkconf-")
	if err != nil {
		return fmt.Errorf("check configuration: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // litter in the system's temporary folder at worst
	return e.checkIn(ctx, dir, text, views)
}

func (e *Engine) checkIn(ctx context.Context, dir, text string, views map[int64]dns.ViewData) error {
	l := layout{dir: dir}
	if err := l.create(); err != nil {
		return err
	}
	keys := &local{ControlPort: 953, ControlSecret: newSecret(), ViewSecrets: map[int64][]byte{}}
	keys.addViewKeys(sortedIDs(views))
	rendered, _, err := renderConf(confInput{text: text, views: views, local: keys, listen: e.listen, layout: l})
	if err != nil {
		return err
	}
	if err := l.write(l.conf(), []byte(rendered)); err != nil {
		return err
	}
	return checkFile(ctx, e.cfg.CheckConfPath, dir, l.conf())
}
