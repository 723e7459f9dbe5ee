package dns

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/opsledger/opsledger/domain"
)

// Limits of domain names in octets (RFC 1035, section 2.3.4; 253 is what is
// left of 255 for the presentation form without its final dot).
const (
	maxName  = 253
	maxLabel = 63
)

// ParseZoneName checks a zone's name and returns it without a final dot, with
// IDN labels as punycode and the case as given. Allowed are letters, digits,
// "-", "_" and, for classless reverse zones (RFC 2317), "/"; no label starts or
// ends with "-". The root is refused.
func ParseZoneName(text string) (string, error) {
	name, err := asciiName(strings.TrimSuffix(text, "."))
	if err != "" {
		return "", domain.Invalid("name", "%s", domain.Phrase(err))
	}
	for label := range strings.SplitSeq(name, ".") {
		if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return "", domain.Invalid("name", "域名的每一段不能以“-”开头或结尾！")
		}
	}
	return name, nil
}

// asciiName returns a name of at least one label as letters, digits, "-", "_"
// and "/" in labels of 1 to 63 octets, or says what is wrong. It has no escapes,
// no quotes and no white space, and so needs no quoting wherever it is written.
func asciiName(text string) (name, problem string) {
	if len(text) > 4*maxName || !utf8.ValidString(text) {
		return "", "域名过长，或不是合法的UTF-8文本！"
	}
	labels := strings.Split(text, ".")
	for i, label := range labels {
		if labels[i], problem = asciiLabel(label); problem != "" {
			return "", problem
		}
	}
	name = strings.Join(labels, ".")
	if len(name) > maxName {
		return "", "域名不能超过253个字符！"
	}
	return name, ""
}

func asciiLabel(label string) (ascii, problem string) {
	if label == "" {
		return "", "域名不能为空，也不能有空的段！"
	}
	if !isASCII(label) {
		var err error
		if label, err = idnaProfile().ToASCII(label); err != nil {
			return "", "域名含有非法字符！"
		}
	}
	if len(label) > maxLabel || label == "" {
		return "", "域名的每一段必须为1到63个字符！"
	}
	for i := 0; i < len(label); i++ {
		if !isLabelByte(label[i]) {
			return "", "域名只能包含字母、数字、“-”、“_”和“/”！"
		}
	}
	return label, ""
}

// idnaProfile maps as browsers do and leaves "_" and the like to our own check.
func idnaProfile() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false), idna.Transitional(false))
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func isLabelByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '/'
}
