package dns

import (
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// OnlyView is what clients of PowerDNS' API say where a view's name is wanted, and leave it to us
// which view is meant. No view has the name.
const OnlyView = "localhost"

// ParseViewName checks a view's name: 1 to 63 of [A-Za-z0-9_-], but not [OnlyView].
func ParseViewName(text string) (string, error) {
	if text == "" || len(text) > 63 {
		return "", domain.Invalid("name", "长度必须为1到63个字符！")
	}
	for i := 0; i < len(text); i++ {
		if c := text[i]; !isLabelByte(c) || c == '/' {
			return "", domain.Invalid("name", "只能包含字母、数字、“_”和“-”！")
		}
	}
	if strings.EqualFold(text, OnlyView) {
		return "", domain.Invalid("name", "不能是%s！", OnlyView)
	}
	return text, nil
}
