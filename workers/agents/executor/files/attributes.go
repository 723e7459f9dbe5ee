package files

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// attribute is an extended attribute of a file: an ACL, a capability, a label, or what
// somebody has noted.
type attribute struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

// noAttributes is what a [State] has of a file without attributes.
const noAttributes = "none"

const (
	aclName        = "system.posix_acl_access"
	capabilityName = "security.capability"
	trustedPrefix  = "trusted."
)

// attributesOf reads the attributes of an open file. It is called as the folder's user.
func attributesOf(f *os.File) (all []attribute, err error) {
	fd := int(f.Fd())
	names, err := sized(func(buffer []byte) (int, error) { return unix.Flistxattr(fd, buffer) })
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list its attributes: %w", err)
	}
	for name := range strings.SplitSeq(string(names), "\x00") {
		if name == "" {
			continue
		}
		value, err := sized(func(buffer []byte) (int, error) { return unix.Fgetxattr(fd, name, buffer) })
		if errors.Is(err, unix.ENODATA) {
			continue // removed meanwhile, or not for this user
		}
		if err != nil {
			return nil, fmt.Errorf("read its attribute %s: %w", name, err)
		}
		all = append(all, attribute{name, value})
	}
	slices.SortFunc(all, func(a, b attribute) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// sized reads what may grow between a question for its size and the reading.
func sized(read func(buffer []byte) (int, error)) ([]byte, error) {
	for {
		n, err := read(nil)
		if err != nil || n == 0 {
			return nil, err
		}
		buffer := make([]byte, n)
		n, err = read(buffer)
		if err == nil {
			return buffer[:n], nil
		}
		if !errors.Is(err, unix.ERANGE) {
			return nil, err
		}
	}
}

// record returns what a State has of the attributes. If keep is not nil, it stores them.
func record(all []attribute, keep *Store) (string, error) {
	if len(all) == 0 {
		return noAttributes, nil
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "", err
	}
	if keep == nil {
		digest := sha256.Sum256(text)
		return hex.EncodeToString(digest[:]), nil
	}
	digest, _, err := keep.Put(bytes.NewReader(text))
	return digest, err
}

// recorded returns the attributes that a State records.
func recorded(digest string, keep *Store) (all []attribute, err error) {
	if digest == noAttributes {
		return nil, nil
	}
	kept, err := keep.Open(digest)
	if err != nil {
		return nil, err
	}
	defer kept.Close()
	text, err := io.ReadAll(kept)
	if err != nil {
		return nil, err
	}
	return all, json.Unmarshal(text, &all)
}

// carriable returns an error for an attribute that another content in the file's place
// cannot have. A user who may not give a capability is not to get one for a content of their
// choice by the agent, whose threads could give it.
func carriable(all []attribute) error {
	for _, a := range all {
		switch a.Name {
		case "security.ima", "security.evm":
			return fmt.Errorf("%s is a signature of what it is now", a.Name)
		}
		if a.Name == capabilityName || strings.HasPrefix(a.Name, trustedPrefix) {
			if uid, err := unix.SetfsuidRetUid(-1); err != nil || uid != 0 {
				return fmt.Errorf("only root can keep %s", a.Name)
			}
		}
	}
	return nil
}

// give makes the attributes those of an open file. It is called as the folder's user.
func give(f *os.File, wanted []attribute) error {
	if err := carriable(wanted); err != nil {
		return err
	}
	have, err := attributesOf(f)
	if err != nil {
		return err
	}
	find := func(all []attribute, name string) (attribute, bool) {
		i := slices.IndexFunc(all, func(a attribute) bool { return a.Name == name })
		if i < 0 {
			return attribute{}, false
		}
		return all[i], true
	}
	for _, a := range have {
		if _, ok := find(wanted, a.Name); !ok {
			if err := unix.Fremovexattr(int(f.Fd()), a.Name); err != nil {
				return fmt.Errorf("be without %s: %w", a.Name, err)
			}
		}
	}
	for _, a := range wanted {
		if now, ok := find(have, a.Name); ok && bytes.Equal(now.Value, a.Value) {
			continue
		}
		if err := unix.Fsetxattr(int(f.Fd()), a.Name, a.Value, 0); err != nil {
			return fmt.Errorf("keep %s: %w", a.Name, err)
		}
	}
	return nil
}

// The tags of an ACL's entries that are a file's permission bits, too (acl(5)).
const (
	aclHeader = 4
	aclEntry  = 8
	aclOwner  = 0x01
	aclGroup  = 0x04
	aclMask   = 0x10
	aclOthers = 0x20
)

// withMode returns the attributes that the file has when its permission bits are the mode's:
// where there is an ACL, they are entries of it. The group's bits are the mask's if it has one.
func withMode(all []attribute, mode uint32) []attribute {
	all = slices.Clone(all)
	for i, a := range all {
		if a.Name != aclName {
			continue
		}
		value := bytes.Clone(a.Value)
		group := uint16(aclGroup)
		for at := aclHeader; at+aclEntry <= len(value); at += aclEntry {
			if binary.LittleEndian.Uint16(value[at:]) == aclMask {
				group = aclMask
			}
		}
		for at := aclHeader; at+aclEntry <= len(value); at += aclEntry {
			switch binary.LittleEndian.Uint16(value[at:]) {
			case aclOwner:
				binary.LittleEndian.PutUint16(value[at+2:], uint16(mode>>6&7))
			case group:
				binary.LittleEndian.PutUint16(value[at+2:], uint16(mode>>3&7))
			case aclOthers:
				binary.LittleEndian.PutUint16(value[at+2:], uint16(mode&7))
			}
		}
		all[i].Value = value
	}
	return all
}
