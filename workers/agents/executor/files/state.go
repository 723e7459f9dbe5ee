package files

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"
)

// State describes a file. The zero State means that there is no file.
type State struct {
	// Digest is the content's SHA-256 in hexadecimal; empty if there is no file.
	Digest string `json:"digest,omitempty"`
	Size   int64  `json:"size,omitempty"`
	// Mode holds the permission bits with setuid, setgid and sticky, as in stat(2).
	Mode uint32 `json:"mode,omitempty"`
	UID  uint32 `json:"uid,omitempty"`
	GID  uint32 `json:"gid,omitempty"`
	// Attributes is the digest of the extended attributes, which the [Store] has, too: ACL,
	// capability, label and others. It is "none" if there are none, and empty if they are
	// not recorded: a new file's are what its folder gives, and older plans have none.
	Attributes string `json:"attributes,omitempty"`
}

// matches says whether a file's state now is the wanted one.
func (s State) matches(want State) bool {
	if want.Attributes == "" {
		s.Attributes = ""
	}
	return s == want
}

// Exists says whether there is a file.
func (s State) Exists() bool { return s.Digest != "" }

// Change is what happens to one file. Path is relative to the folder.
type Change struct {
	Path   string `json:"path"`
	Before State  `json:"before"`
	After  State  `json:"after"`
}

// modeBits are those of stat(2)'s mode that chmod(2) sets.
const modeBits = 0o7777

const (
	// stagePrefix begins the names of staged files.
	stagePrefix   = ".opsledger-"
	longestPath   = 1024
	mostFiles     = 10_000
	pathSeparator = "/"
)

// ErrPath is wrapped by the errors of CheckPath.
var ErrPath = errors.New("not a file's path below the folder")

// CheckPath refuses a name that is not a plain path below a folder. Symbolic links
// that lead out of the folder are refused when the path is used.
func CheckPath(name string) error {
	switch {
	case name == "" || len(name) > longestPath:
		return fmt.Errorf("%.80q: empty or longer than %d bytes: %w", name, longestPath, ErrPath)
	case strings.HasPrefix(name, pathSeparator):
		return fmt.Errorf("%q: it is absolute: %w", name, ErrPath)
	case !filepath.IsLocal(name) || path.Clean(name) != name || name == ".":
		return fmt.Errorf("%q: it has empty, \".\" or \"..\" elements: %w", name, ErrPath)
	case strings.ContainsFunc(name, unicode.IsControl) || strings.ToValidUTF8(name, "") != name:
		return fmt.Errorf("%q: it has control characters: %w", name, ErrPath)
	case strings.HasPrefix(path.Base(name), stagePrefix):
		return fmt.Errorf("%q: names that begin with %s are opsledger's own: %w", name, stagePrefix, ErrPath)
	}
	return nil
}

// CheckPaths checks a list: each path, that none is there twice, and its length.
func CheckPaths(names []string) error {
	if len(names) == 0 || len(names) > mostFiles {
		return fmt.Errorf("%d files are named; 1 to %d can be", len(names), mostFiles)
	}
	seen := map[string]bool{}
	for _, name := range names {
		if err := CheckPath(name); err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("%q is named twice", name)
		}
		seen[name] = true
	}
	return nil
}

// signature tells cheaply whether a file was touched: any write or rename changes one
// of its fields.
type signature struct {
	dev, ino uint64
	// links is how many names the file has.
	links uint64
	size  int64
	ctime syscall.Timespec
}

func signatureOf(info os.FileInfo) signature {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return signature{}
	}
	links := uint64(st.Nlink) //nolint:unconvert // other machines have 32 bits there
	return signature{dev: st.Dev, ino: st.Ino, links: links, size: st.Size, ctime: st.Ctim}
}
