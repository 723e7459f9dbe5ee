package asuser

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// User is an account of this host.
type User struct {
	Name     string
	UID, GID uint32
	// Groups are all groups of the account, GID among them.
	Groups []uint32
	Home   string
}

// Lookup finds an account by name.
func Lookup(name string) (User, error) {
	found, err := user.Lookup(name)
	if err != nil {
		return User{}, err
	}
	u := User{Name: found.Username, Home: found.HomeDir}
	if u.UID, err = number(found.Uid); err != nil {
		return User{}, fmt.Errorf("user %s: %w", name, err)
	}
	if u.GID, err = number(found.Gid); err != nil {
		return User{}, fmt.Errorf("user %s: %w", name, err)
	}
	groups, err := found.GroupIds()
	if err != nil {
		return User{}, fmt.Errorf("groups of user %s: %w", name, err)
	}
	for _, text := range groups {
		id, err := number(text)
		if err != nil {
			return User{}, fmt.Errorf("groups of user %s: %w", name, err)
		}
		u.Groups = append(u.Groups, id)
	}
	return u, nil
}

// ByID is the account with that user id. A file may belong to an id without one: then
// the user has the group alone, and no home.
func ByID(uid, gid uint32) User {
	if found, err := user.LookupId(strconv.FormatUint(uint64(uid), 10)); err == nil {
		if u, err := Lookup(found.Username); err == nil && u.UID == uid {
			return u
		}
	}
	return User{Name: strconv.FormatUint(uint64(uid), 10), UID: uid, GID: gid, Groups: []uint32{gid}, Home: "/"}
}

// Self says whether u is the user whom this process runs as.
func (u User) Self() bool { return int(u.UID) == os.Geteuid() }

func number(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err
}
