package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"
)

// maxAttribute is the number of characters that are taken of an attribute.
const maxAttribute = 128

// Person is what the directory says of somebody; each may be empty.
type Person struct {
	// Username is the entry's own, whatever it was found by; see [Config.UsernameAttribute].
	Username string
	Mail     string
	Name     string
	Phone    string
}

// person reads the entry of a name. Of several usernames it takes the one that was typed.
func (d *Directory) person(entry *ldap.Entry, typed string) Person {
	username := ""
	if attribute := d.cfg.UsernameAttribute; attribute != "" {
		username = firstText(entry, attribute)
		for _, value := range entry.GetEqualFoldAttributeValues(attribute) {
			if strings.EqualFold(value, typed) {
				username = typed
			}
		}
	}
	return Person{
		Username: username,
		Mail:     firstText(entry, d.cfg.MailAttribute),
		Name:     firstText(entry, d.cfg.NameAttribute),
		Phone:    firstText(entry, d.cfg.PhoneAttribute),
	}
}

// firstText is the first value of the attribute that is one line of text, in at
// most maxAttribute characters.
func firstText(entry *ldap.Entry, attribute string) string {
	for _, value := range entry.GetEqualFoldAttributeValues(attribute) {
		if value = strings.TrimSpace(value); value == "" || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
			continue
		}
		if runes := []rune(value); len(runes) > maxAttribute {
			return string(runes[:maxAttribute])
		}
		return value
	}
	return ""
}
