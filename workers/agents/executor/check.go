package executor

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problem is something in a configuration file that an agent refuses.
type Problem struct {
	// Line is where it stands, from 1; 0 if it is of the file as a whole.
	Line int
	// Text names the field.
	Text string
}

// CheckFile returns everything in the file that an agent of this process's user would
// refuse on this host, in the order of the lines. also checks what others read in the
// file; nil checks nothing more. Nothing is run, made or changed.
func CheckFile(path string, also func(Settings) error) (Settings, []Problem) {
	text, err := readOurs(path)
	if err != nil {
		return Settings{}, []Problem{{Text: err.Error()}}
	}
	settings, err := ParseSettings(text)
	if err != nil {
		return Settings{}, fromParser(err)
	}
	_, err = newActions(settings)
	if also != nil {
		err = errors.Join(err, also(settings))
	}
	if err == nil {
		return settings, nil
	}
	var document yaml.Node
	_ = yaml.Unmarshal(text, &document) // it has just been parsed
	var problems []Problem
	for line := range strings.Lines(err.Error()) { // one for each error that was joined
		line = strings.TrimSpace(line)
		problems = append(problems, Problem{lineOf(&document, line), line})
	}
	sortProblems(problems)
	return settings, problems
}

func sortProblems(problems []Problem) {
	slices.SortFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text))
	})
}

var (
	parserLine   = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	unknownField = regexp.MustCompile(`^field (\S+) not found in type .*$`)
)

// fromParser takes the line numbers out of what the parser says.
func fromParser(err error) (problems []Problem) {
	for _, part := range strings.Split(err.Error(), "; ") {
		p := Problem{Text: strings.TrimPrefix(part, "yaml: ")}
		if m := parserLine.FindStringSubmatch(part); m != nil {
			p.Line, _ = strconv.Atoi(m[1])
			p.Text = unknownField.ReplaceAllString(m[2], "there is no setting $1 here")
		}
		problems = append(problems, p)
	}
	sortProblems(problems)
	return problems
}

// lineOf finds the line that an error is about by the keys with which its text begins:
// "action web: targets: www: …" is about actions.web.targets.www.
func lineOf(document *yaml.Node, text string) (line int) {
	if len(document.Content) == 0 {
		return 0
	}
	node := document.Content[0]
	text = strings.Replace(text, "action ", "actions: ", 1)
	for _, key := range strings.Split(text, ": ") {
		at, value := entryOf(node, key)
		if at == 0 {
			return line
		}
		line, node = at, value
	}
	return line
}

// entryOf returns the line of a key and its value; 0 and nil if there is none.
func entryOf(node *yaml.Node, key string) (line int, value *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		return 0, nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i].Line, node.Content[i+1]
		}
	}
	return 0, nil
}

// String is the problem as a compiler would say it, after the file's name.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.Text
	}
	return fmt.Sprintf("line %d: %s", p.Line, p.Text)
}
