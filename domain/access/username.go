package access

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/opsledger/opsledger/domain"
)

// Limits of a username in characters: of one that somebody chooses here, and of one
// that the directory has.
const (
	minUsername      = 3
	maxUsername      = 64
	maxDirectoryName = 128
)

// reservedNames are those that stand for the system itself where people read them.
var reservedNames = []string{"system", "root", "opsledger"}

// ParseUsername checks the name of a new local user: 3 to 64 of [A-Za-z0-9_.-], the
// first and the last a letter or a digit, and none that stands for the system. Names of
// users that there are already may be others. It returns the name as given.
func ParseUsername(name string) (string, error) {
	if len(name) < minUsername || len(name) > maxUsername {
		return "", domain.Invalid("username", "长度必须为%d到%d个字符！", minUsername, maxUsername)
	}
	for _, c := range []byte(name) {
		if !isNameByte(c) {
			return "", domain.Invalid("username", "只能包含字母、数字、“_”、“.”和“-”！")
		}
	}
	const signs = "._-"
	if strings.Trim(name, signs) != name {
		return "", domain.Invalid("username", "不能以“.”、“-”或“_”开头或结尾！")
	}
	if slices.Contains(reservedNames, FoldUsername(name)) {
		return "", domain.Invalid("username", "该用户名为系统保留，不能使用！")
	}
	return name, nil
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-'
}

// ParseDirectoryName checks a name that the directory is asked for, which decides what
// its names are: any printable text of 1 to 128 characters. It returns the name without
// the blanks around it, which say nothing to the directory.
func ParseDirectoryName(name string) (string, error) {
	name = strings.Trim(name, " ")
	if n := utf8.RuneCountInString(name); n < 1 || n > maxDirectoryName || !utf8.ValidString(name) {
		return "", domain.Invalid("username", "长度必须为1到%d个字符！", maxDirectoryName)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", domain.Invalid("username", "只能包含可打印的字符！")
	}
	return name, nil
}

// FoldUsername brings a name to the form in which usernames compare: without case, and
// alike where a directory takes two names for one (RFC 4518), which differ in their
// blanks or in how the same character is written. Else one person could be two users.
func FoldUsername(name string) string {
	name = strings.Map(foldRune, norm.NFKC.String(name))
	return strings.Join(strings.Fields(norm.NFKC.String(name)), " ")
}

// foldRune is the same for all runes that [strings.EqualFold] takes for one.
func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return unicode.ToLower(least)
}
