package dns

import "github.com/opsledger/opsledger/domain"

// ParseViewName checks a view's name: 1 to 63 of [A-Za-z0-9_-].
func ParseViewName(text string) (string, error) {
	if text == "" || len(text) > 63 {
		return "", domain.Invalid("name", "长度必须为1到63个字符！")
	}
	for i := 0; i < len(text); i++ {
		if c := text[i]; !isLabelByte(c) || c == '/' {
			return "", domain.Invalid("name", "只能包含字母、数字、“_”和“-”！")
		}
	}
	return text, nil
}
