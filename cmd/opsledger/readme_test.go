package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The README in Chinese has the same commands, tables of commands and headers as the
// English one, in the same order.
func TestReadmesAgree(t *testing.T) {
	t.Parallel()
	var blocks, cells [][]string
	for _, name := range []string{"README.md", "README.zh.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, regexp.MustCompile("(?s)```.*?```").FindAllString(string(text), -1))
		cells = append(cells, regexp.MustCompile("(?m)^\\| `[^`]*` ").FindAllString(string(text), -1))
	}
	if len(blocks[0]) < 6 || len(cells[0]) < 10 {
		t.Fatalf("README.md has %d blocks and %d commands", len(blocks[0]), len(cells[0]))
	}
	if !slices.Equal(blocks[0], blocks[1]) {
		t.Errorf("the command blocks differ:\n%s\n--\n%s", strings.Join(blocks[0], "\n"), strings.Join(blocks[1], "\n"))
	}
	if !slices.Equal(cells[0], cells[1]) {
		t.Errorf("the tables differ: %q and %q", cells[0], cells[1])
	}
}

// Every command that somebody runs is in the table of README.
func TestReadmeHasEveryCommand(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range rootCommand(nil, nil).Commands {
		names := []string{cmd.Name}
		if len(cmd.Commands) > 0 {
			names = nil
			for _, sub := range cmd.Commands {
				names = append(names, cmd.Name+" "+sub.Name)
			}
		}
		for _, name := range names {
			if name != "help" && !strings.Contains(string(text), "| `opsledger "+name) {
				t.Errorf("README says nothing of %s", name)
			}
		}
	}
}
