package program

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v3"
)

// general is the category of flags that have no other one.
const general = "General"

const (
	// helpWidth is how many columns help has at most.
	helpWidth = 100
	// helpColumn is where the explanation of a flag or of a command begins.
	helpColumn = 34
)

// Run runs a program that is [Strict]. Whoever says --help or -h gets help, whatever else
// they say.
func Run(ctx context.Context, root *cli.Command, args []string) error {
	before := args
	if end := slices.Index(args, "--"); end >= 0 {
		before = args[:end]
	}
	if !slices.Contains(before, "--help") && !slices.Contains(before, "-h") {
		return root.Run(ctx, args)
	}
	words := slices.DeleteFunc(slices.Clone(before[1:]), func(word string) bool { return strings.HasPrefix(word, "-") })
	return root.Run(ctx, append([]string{args[0], "help"}, words...))
}

// helpCommand is `help [command …]`. What stands behind a command without commands of its
// own are arguments, which it does not look at.
func helpCommand() *cli.Command {
	return &cli.Command{
		Name: "help", Usage: "show the help of a command, as its flag --help does", ArgsUsage: "[command …]", Category: "This program",
		UsageText: "%[1]s help\n%[1]s help help",
		Action: func(_ context.Context, cmd *cli.Command) error {
			about := cmd.Root()
			for _, word := range cmd.Args().Slice() {
				if len(about.Commands) == 0 {
					break
				}
				about = about.Command(word)
				if about == nil {
					return fmt.Errorf("there is no command %q (try --help)", word)
				}
			}
			return showHelp(about)
		},
	}
}

// showHelp prints what a command is for, its commands and flags by category, and
// examples: the lines of the command's UsageText.
func showHelp(cmd *cli.Command) error {
	h := help{}
	h.fill(0, cmd.FullName()+": "+cmd.Usage)
	h.line("")
	h.fill(0, "Usage: "+usage(cmd))
	if cmd.Description != "" {
		h.line("")
		for line := range strings.Lines(cmd.Description) {
			h.fill(2, strings.TrimSpace(line))
		}
	}
	if cmd.UsageText != "" {
		h.section("Examples")
		for line := range strings.Lines(cmd.UsageText) {
			h.line("  " + strings.ReplaceAll(strings.TrimRight(line, "\n"), "%[1]s", cmd.Root().Name))
		}
	}
	h.commands(cmd.Commands)
	h.flags(cmd.Flags)
	_, err := io.WriteString(cmd.Root().Writer, h.text.String())
	return err
}

func usage(cmd *cli.Command) string {
	text := cmd.FullName()
	if len(cmd.Commands) > 0 {
		text += " <command>"
	}
	text += " [flags]"
	if cmd.ArgsUsage != "" {
		text += " " + cmd.ArgsUsage
	}
	return text
}

// help is a page of help in the making.
type help struct{ text strings.Builder }

func (h *help) line(text string) { h.text.WriteString(text + "\n") }

func (h *help) section(title string) { h.line("\n" + title + ":") }

// fill writes words into lines that begin with the indent and end before helpWidth.
func (h *help) fill(indent int, text string) {
	h.text.WriteString(strings.Repeat(" ", indent))
	column := indent
	for i, word := range strings.Fields(text) {
		width := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+width > helpWidth:
			h.text.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			h.text.WriteString(" ")
			column++
		}
		h.text.WriteString(word)
		column += width
	}
	h.line("")
}

// entry writes a name and, from helpColumn on, its explanation.
func (h *help) entry(name, explanation string) {
	name = "  " + name
	gap := helpColumn - utf8.RuneCountInString(name)
	if gap < 2 {
		h.line(name)
		h.fill(helpColumn, explanation)
		return
	}
	var right help
	right.fill(helpColumn, explanation)
	h.text.WriteString(name + strings.Repeat(" ", gap) + strings.TrimLeft(right.text.String(), " "))
}

func (h *help) commands(all []*cli.Command) {
	all = slices.DeleteFunc(slices.Clone(all), func(c *cli.Command) bool { return c.Hidden })
	for _, category := range categories(all, func(c *cli.Command) string { return c.Category }, "Commands") {
		h.section(category.name)
		for _, c := range category.members {
			h.entry(c.Name, c.Usage)
		}
	}
}

func (h *help) flags(all []cli.Flag) {
	fromEnvironment := false
	groups := categories(all, categoryOf, general)
	if len(groups) == 0 || groups[len(groups)-1].name != general {
		groups = append(groups, category[cli.Flag]{name: general})
	}
	for _, category := range groups {
		h.section(category.name)
		for _, f := range category.members {
			documented, ok := f.(cli.DocGenerationFlag)
			if !ok {
				continue
			}
			placeholder, text := unquote(documented.GetUsage())
			if placeholder == "" && documented.TakesValue() {
				placeholder = "value"
			}
			h.entry(strings.TrimSpace("--"+f.Names()[0]+" "+placeholder), text+defaultOf(f))
			fromEnvironment = fromEnvironment || len(documented.GetEnvVars()) > 0
		}
	}
	h.entry("--help", "show this help")
	if fromEnvironment {
		h.line("")
		h.fill(0, "A flag is also read from the environment: --log-level from OPSLEDGER_LOG_LEVEL.")
	}
}

func categoryOf(f cli.Flag) string {
	if c, ok := f.(cli.CategorizableFlag); ok {
		return c.GetCategory()
	}
	return ""
}

// unquote takes the placeholder, which stands between backquotes, out of a flag's usage.
func unquote(usage string) (placeholder, text string) {
	before, rest, found := strings.Cut(usage, "`")
	if !found {
		return "", usage
	}
	placeholder, after, _ := strings.Cut(rest, "`")
	return placeholder, before + placeholder + after
}

// defaultOf is the note on what a flag is when nobody gives it.
func defaultOf(f cli.Flag) string {
	value := ""
	switch f := f.(type) {
	case *cli.StringFlag:
		value = f.Value
	case *cli.IntFlag:
		value = fmt.Sprint(f.Value)
	case *cli.DurationFlag:
		value = f.Value.String()
	case *cli.BoolFlag:
		if f.Value {
			value = "true"
		}
	}
	if value == "" {
		return ""
	}
	return " (default: " + value + ")"
}

// category is what stands together in a page of help.
type category[T any] struct {
	name    string
	members []T
}

// categories keeps the order of the members; those without a category come last.
func categories[T any](all []T, of func(T) string, other string) (list []category[T]) {
	var rest []T
	for _, member := range all {
		name := of(member)
		if name == "" || name == other {
			rest = append(rest, member)
			continue
		}
		i := slices.IndexFunc(list, func(c category[T]) bool { return c.name == name })
		if i < 0 {
			i = len(list)
			list = append(list, category[T]{name: name})
		}
		list[i].members = append(list[i].members, member)
	}
	if len(rest) > 0 {
		list = append(list, category[T]{other, rest})
	}
	return list
}
