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

// generatedLine matches the place in the generated file that named-checkconf
// names in front of a fault. It tells the author of the configuration nothing.
var generatedLine = regexp.MustCompile(`(?m)^named\.conf:\d+: `)

// checkFile runs named-checkconf on a file. It returns a refusal as a
// [domain.Error] in the program's own words, without the paths below dir. Any
// other error means that the program could not tell.
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

// CheckConf returns a [domain.Error], in the words of named-checkconf, if named
// would not take the text as its main configuration. The text has its secrets in
// clear. The program checks it together with the current views, in a temporary
// folder. Any other error means that the text could not be checked.
func (e *Engine) CheckConf(ctx context.Context, text string) error {
	e.mu.Lock()
	views := maps.Clone(e.state.views)
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
