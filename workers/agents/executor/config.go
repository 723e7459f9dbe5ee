package executor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"
)

// Settings is the host's configuration file (YAML, see docs/executors.md). An action,
// target or database that it does not name cannot be used on the host.
type Settings struct {
	// ActionsFolder holds the programs of actions.
	ActionsFolder string `yaml:"actions_folder"`
	// Concurrency is how many attempts run at once; 4 when 0.
	Concurrency int `yaml:"concurrency"`
	// Keep is how long ended attempts can be reverted; 90 days when 0.
	Keep time.Duration `yaml:"keep"`
	// LargestFile limits a file that update handles; 1 GiB when 0.
	LargestFile Size `yaml:"largest_file"`
	// Accounts are the system accounts whose authorized_keys file may be given keys; none
	// when left out.
	Accounts []string `yaml:"accounts"`
	// Actions are those allowed, by name.
	Actions map[string]ActionSettings `yaml:"actions"`
}

// ActionSettings allows one action: the built-in update or update_db, or a program.
type ActionSettings struct {
	// User is the user that the action runs as. It is required of an agent that runs
	// as root, except for update_db.
	User string `yaml:"user"`
	// Timeout is how long an attempt may run; 10 minutes when 0.
	Timeout time.Duration `yaml:"timeout"`
	// Grace is how long an attempt may go on after it was asked to end; 10 seconds
	// when 0.
	Grace time.Duration `yaml:"grace"`
	// OutputLimit is how much an attempt may write before it is killed; 64 MiB when 0.
	OutputLimit Size `yaml:"output_limit"`

	// Targets are the folders of update, by name.
	Targets map[string]TargetSettings `yaml:"targets"`
	// Databases are the databases of update_db, by name.
	Databases map[string]DatabaseSettings `yaml:"databases"`
	// Program is a file in the actions folder; the action's name when empty.
	Program string `yaml:"program"`
	// Environment is added to a program's environment.
	Environment map[string]string `yaml:"environment"`
}

// TargetSettings is a folder that update changes, and one source of files for it.
type TargetSettings struct {
	Folder string `yaml:"folder"`
	// Releases is a folder with a folder of files for each version.
	Releases string `yaml:"releases"`
	// Git is a repository or working copy; the version names a commit in it.
	Git string `yaml:"git"`
	// Fetch is the remote to fetch from before each update; none when empty.
	Fetch string `yaml:"fetch"`
	// Subversion is a working copy; the version is a revision of its repository.
	Subversion string `yaml:"svn"`
}

// DatabaseSettings is a database that update_db changes.
type DatabaseSettings struct {
	// URL is the database's address; URLFile is a file with the address, which only the
	// agent can read.
	URL     string `yaml:"url"`
	URLFile string `yaml:"url_file"`
	// Folder holds <name>.sql and <name>.down.sql.
	Folder string `yaml:"folder"`
}

// Size is a number of bytes, in YAML with a unit: 64MiB.
type Size int64

// UnmarshalYAML reads a size.
func (s *Size) UnmarshalYAML(node *yaml.Node) error {
	number, unit := node.Value, int64(1)
	for suffix, n := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, ok := strings.CutSuffix(node.Value, suffix); ok {
			number, unit = strings.TrimSpace(rest), n
		}
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n <= 0 {
		return fmt.Errorf("line %d: %q is not a size such as 64MiB", node.Line, node.Value)
	}
	*s = Size(n * unit)
	return nil
}

// LoadSettings reads the file. It refuses a file that others than root and the
// agent's user can change: they could run anything on the host.
func LoadSettings(path string) (Settings, error) {
	text, err := readOurs(path)
	if err != nil {
		return Settings{}, fmt.Errorf("configuration %s: %w", path, err)
	}
	s, err := ParseSettings(text)
	if err != nil {
		return Settings{}, fmt.Errorf("configuration %s: %w", path, err)
	}
	return s, nil
}

// readOurs reads a file that nobody but root and the agent's user can change.
func readOurs(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err) // the path is said by who asks
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		err = onlyOurs(info)
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

// ParseSettings reads a configuration. A key that it does not know is an error.
func ParseSettings(text []byte) (Settings, error) {
	var s Settings
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		var many *yaml.TypeError
		if errors.As(err, &many) {
			return Settings{}, errors.New(strings.Join(many.Errors, "; "))
		}
		return Settings{}, err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Settings{}, errors.New("there is more than one document in it")
	}
	return s, nil
}

// onlyOurs returns an error if others than root and the agent's user can write.
func onlyOurs(info os.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return errors.ErrUnsupported
	case st.Uid != 0 && int(st.Uid) != os.Geteuid():
		return fmt.Errorf("it belongs to user %d, who could change it", st.Uid)
	case info.Mode().Perm()&0o022 != 0 && info.Mode()&os.ModeSticky == 0:
		return fmt.Errorf("its mode %v lets others change it", info.Mode().Perm())
	}
	return nil
}
