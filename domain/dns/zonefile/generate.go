package zonefile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// maxSteps is how many records one $GENERATE makes at most.
const maxSteps = 65_536

// steps is the range of a $GENERATE: start-stop or start-stop/step.
type steps struct{ start, stop, step int }

func readSteps(text string) (s steps, refusal *domain.Error) {
	between, by, has := strings.Cut(text, "/")
	from, to, isRange := strings.Cut(between, "-")
	s.step = 1
	var err [3]error
	s.start, err[0] = strconv.Atoi(from)
	s.stop, err[1] = strconv.Atoi(to)
	if has {
		s.step, err[2] = strconv.Atoi(by)
	}
	sound := isRange && err == [3]error{} && strings.Trim(text, "0123456789-/") == ""
	if !sound || s.start < 0 || s.step < 1 || s.stop < s.start || s.stop > 1<<31-1 {
		return steps{}, domain.Refused("%q is no range of a $GENERATE: it is start-stop or start-stop/step", shown(text))
	}
	if (s.stop-s.start)/s.step >= maxSteps {
		return steps{}, domain.Refused("a $GENERATE makes at most %d records", maxSteps)
	}
	return s, nil
}

// braces is what may stand behind a $: {offset}, {offset,width} or {offset,width,base}.
var braces = regexp.MustCompile(`^\{(-?[0-9]{1,9})(?:,([0-9]{1,3})(?:,([doxXnN]))?)?\}`)

const (
	// maxWidth is that of named's digits.
	maxWidth = 127
	// maxExpanded is how many octets a template may become, about what named takes.
	maxExpanded = 60_000
)

// expand replaces each $ of a template by a number of the range, in the form that it asks for;
// $$ is a $, and so is \$ for who reads the result. An offset holds for those behind it that
// have none, as it does in named.
func expand(template string, number int) (string, *domain.Error) {
	var out strings.Builder
	offset := 0
	for i := 0; i < len(template); {
		if out.Len() > maxExpanded {
			return "", domain.Refused("a $GENERATE makes texts of at most %d octets", maxExpanded)
		}
		c, rest := template[i], template[i+1:]
		switch {
		case c == '\\' && rest != "":
			out.WriteString(template[i : i+2])
			i += 2
		case c == '$' && strings.HasPrefix(rest, "$"):
			out.WriteByte('$')
			i += 2
		case c == '$' && strings.HasPrefix(rest, "{"):
			form := braces.FindStringSubmatch(rest)
			if form == nil {
				return "", domain.Refused("%q has a form that is none: it is ${offset[,width[,base]]}, with a base of d, o, x, X, n or N", shown(template))
			}
			offset, _ = strconv.Atoi(form[1]) // nine digits
			text, refusal := inForm(number+offset, form[2], form[3])
			if refusal != nil {
				return "", refusal
			}
			out.WriteString(text)
			i += 1 + len(form[0])
		case c == '$':
			out.WriteString(strconv.Itoa(number + offset))
			i++
		default:
			out.WriteByte(c)
			i++
		}
	}
	return out.String(), nil
}

func inForm(number int, width, base string) (string, *domain.Error) {
	wide, _ := strconv.Atoi(width) // empty is 0
	if wide > maxWidth {
		return "", domain.Refused("a $GENERATE makes numbers of at most %d digits", maxWidth)
	}
	if number < 0 {
		return "", domain.Refused("a $GENERATE makes no negative numbers")
	}
	switch base {
	case "", "d":
		return fmt.Sprintf("%0*d", wide, number), nil
	case "o":
		return fmt.Sprintf("%0*o", wide, number), nil
	case "x":
		return fmt.Sprintf("%0*x", wide, number), nil
	case "X":
		return fmt.Sprintf("%0*X", wide, number), nil
	default:
		return nibbles(number, wide, base == "N"), nil
	}
}

// nibbles writes a number as hexadecimal digits with dots between, the lowest first. The width
// counts the dots, too.
func nibbles(number, width int, upper bool) string {
	digits := "0123456789abcdef"
	if upper {
		digits = strings.ToUpper(digits)
	}
	var out strings.Builder
	for {
		out.WriteByte(digits[number&15])
		number >>= 4
		if width--; width > 0 || number != 0 {
			out.WriteByte('.')
			width--
		}
		if number == 0 && width <= 0 {
			return out.String()
		}
	}
}
