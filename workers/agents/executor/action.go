package executor

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/workers/agents/executor/supervise"
)

// The built-in actions.
const (
	updateAction   = "update"
	databaseAction = "update_db"
)

// limits are the limits of an action's attempts.
type limits struct {
	timeout, grace time.Duration
	output         int64
}

// action is an allowed action whose settings have been checked. Exactly one of
// targets, databases and program is set.
type action struct {
	name   string
	user   asuser.User
	limits limits

	targets     map[string]TargetSettings
	databases   map[string]DatabaseSettings
	program     string
	environment []string
}

const (
	defaultTimeout = 10 * time.Minute
	defaultGrace   = 10 * time.Second
	defaultOutput  = 64 << 20
)

var (
	actionPattern   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	variablePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// newActions checks all settings. Errors name the action and the key.
func newActions(s Settings) (map[string]*action, error) {
	actions := map[string]*action{}
	var failed []error
	for name, settings := range s.Actions {
		a, errs := newAction(name, s.ActionsFolder, settings)
		for _, err := range errs {
			failed = append(failed, fmt.Errorf("action %s: %w", name, err))
		}
		actions[name] = a
	}
	return actions, errors.Join(failed...)
}

// newAction returns all that is wrong with an action, or the action.
func newAction(name, folder string, s ActionSettings) (*action, []error) {
	a := &action{name: name, limits: limits{
		timeout: cmp.Or(s.Timeout, defaultTimeout), grace: cmp.Or(s.Grace, defaultGrace), output: int64(cmp.Or(s.OutputLimit, defaultOutput)),
	}}
	if !actionPattern.MatchString(name) {
		return nil, []error{errors.New("a name has up to 64 letters, digits, _ and -")}
	}
	var errs []error
	if s.Timeout < 0 || s.Grace < 0 {
		errs = append(errs, errors.New("timeout and grace cannot be negative"))
	}
	errs = append(errs, onlyFor(name, s)...)
	if err := a.setUser(s.User); err != nil {
		errs = append(errs, err)
	}
	switch name {
	case updateAction:
		a.targets = s.Targets
		return a, append(errs, checkEach("targets", s.Targets, checkTarget)...)
	case databaseAction:
		a.databases = s.Databases
		return a, append(errs, checkEach("databases", s.Databases, checkDatabase)...)
	}
	if err := a.setProgram(folder, cmp.Or(s.Program, name), s.Environment); err != nil {
		errs = append(errs, err)
	}
	return a, errs
}

// checkEach checks what is listed by name below a key.
func checkEach[T any](key string, all map[string]T, check func(T) error) (errs []error) {
	for name, one := range all {
		err := plainText("name", name)
		if err == nil {
			if err = check(one); err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	return errs
}

// onlyFor refuses settings that the action has no use for.
func onlyFor(name string, s ActionSettings) (errs []error) {
	isProgram := name != updateAction && name != databaseAction
	for _, key := range []struct {
		name      string
		set, used bool
	}{
		{"targets", s.Targets != nil, name == updateAction},
		{"databases", s.Databases != nil, name == databaseAction},
		{"program", s.Program != "", isProgram},
		{"environment", s.Environment != nil, isProgram},
		{"user", s.User != "", name != databaseAction},
	} {
		if key.set && !key.used {
			errs = append(errs, fmt.Errorf("%s: this action has no such setting", key.name))
		}
	}
	return errs
}

// setUser finds the user that the action runs as. Nothing runs as root because a
// user was left out.
func (a *action) setUser(name string) error {
	if a.name == databaseAction || name == "" && os.Geteuid() != 0 {
		a.user = asuser.User{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid()), Home: "/"}
		return nil
	}
	if name == "" {
		return errors.New("user: the agent is root, so it must be said as whom the action runs")
	}
	user, err := asuser.Lookup(name)
	if err != nil {
		return fmt.Errorf("user: %w", err)
	}
	if !user.Self() && os.Geteuid() != 0 {
		return fmt.Errorf("user: to run as %s the agent must be root", name)
	}
	a.user = user
	return nil
}

// account has the ids of the user that the action's program runs as, nil for the
// agent's own user.
func (a *action) account() *supervise.Account {
	if a.name == databaseAction {
		return nil
	}
	return account(a.user)
}

// account has the ids of a user, nil if the agent can run programs as itself alone.
func account(user asuser.User) *supervise.Account {
	if os.Geteuid() != 0 {
		return nil
	}
	return &supervise.Account{UID: user.UID, GID: user.GID, Groups: user.Groups}
}

func (a *action) setProgram(folder, file string, environment map[string]string) error {
	if !filepath.IsAbs(folder) {
		return errors.New("actions_folder: programs need an absolute one")
	}
	if filepath.Base(file) != file || strings.HasPrefix(file, ".") {
		return fmt.Errorf("program: %q is not the name of a file in the actions folder", file)
	}
	a.program = filepath.Join(folder, file)
	for name, value := range environment {
		if !variablePattern.MatchString(name) || strings.HasPrefix(name, "OPSLEDGER_") || strings.ContainsRune(value, 0) {
			return fmt.Errorf("environment: %q cannot be set", name)
		}
		a.environment = append(a.environment, name+"="+value)
	}
	slices.Sort(a.environment)
	return a.checkProgram()
}

// checkProgram refuses a program that others than root and the agent's user can
// change, or whose folder they can. It is repeated before each run.
func (a *action) checkProgram() error {
	for _, path := range []string{filepath.Dir(a.program), a.program} {
		info, err := os.Lstat(path)
		if err != nil {
			return fmt.Errorf("program: %w", err)
		}
		if path == a.program && (!info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0) {
			return fmt.Errorf("program: %s is not an executable file", path)
		}
		if err := onlyOurs(info); err != nil {
			return fmt.Errorf("program: %s: %w", path, err)
		}
	}
	return nil
}

func checkTarget(t TargetSettings) error {
	sources := 0
	for _, dir := range []string{t.Releases, t.Git, t.Subversion} {
		if dir == "" {
			continue
		}
		sources++
		if !filepath.IsAbs(dir) {
			return fmt.Errorf("%s is not an absolute path", dir)
		}
	}
	switch {
	case !filepath.IsAbs(t.Folder):
		return errors.New("folder: it must be an absolute path")
	case sources != 1:
		return errors.New("one of releases, git and svn is needed")
	case t.Fetch != "" && (t.Git == "" || !actionPattern.MatchString(t.Fetch)):
		return errors.New("fetch: it is the name of a git remote")
	}
	return nil
}

func checkDatabase(d DatabaseSettings) error {
	switch {
	case (d.URL == "") == (d.URLFile == ""):
		return errors.New("one of url and url_file is needed")
	case !filepath.IsAbs(d.Folder):
		return errors.New("folder: it must be an absolute path")
	}
	return nil
}

// TakesAnyTarget says whether an action of that name is a program, which takes any target:
// the built-in ones have their own.
func TakesAnyTarget(action string) bool { return action != updateAction && action != databaseAction }
