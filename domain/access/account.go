package access

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
)

// Limits of a password, in characters, and of the other fields of an account.
const (
	minPassword = 6
	maxPassword = 128
	maxMail     = 254
)

// CheckPassword checks the length of a new password (6 to 128 characters).
func CheckPassword(password string) error {
	if !utf8.ValidString(password) {
		return domain.Invalid("password", "不是合法的UTF-8文本！")
	}
	if n := utf8.RuneCountInString(password); n < minPassword || n > maxPassword {
		return domain.Invalid("password", "长度必须为%d到%d个字符！", minPassword, maxPassword)
	}
	return nil
}

// CheckPasswords checks a new password and its repetition.
func CheckPasswords(password, again string) error {
	if password != again {
		return domain.Refused("两次密码输入要一致！").Blame("password2")
	}
	return CheckPassword(password)
}

// ParseMail checks the form of a mail address: something@something, no blanks
// and no control characters, at most 254 octets. It returns the address as given.
func ParseMail(mail string) (string, error) {
	local, host, found := strings.Cut(mail, "@")
	bad := !found || local == "" || host == "" || strings.Contains(host, "@") || len(mail) > maxMail || !utf8.ValidString(mail)
	if bad || strings.ContainsFunc(mail, notInMail) {
		return "", domain.Invalid("email", "不是合法的邮箱地址！")
	}
	return mail, nil
}

func notInMail(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`<>()[],;:"\`, r)
}

// ParseDepartment checks the name of a department: one line of at most 255 characters.
func ParseDepartment(name string) (string, error) {
	return name, domain.CheckText("department", name, maxName)
}

// FoldMail brings an address to the form in which addresses compare.
func FoldMail(mail string) string { return strings.ToLower(mail) }
