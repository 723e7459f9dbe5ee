package console

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// document is the one document of the console, in which every page is shown. The names in double
// braces are filled in at the start, and with them where the files of this version are.
func document(files map[string][]byte, assets, login string) []byte {
	var styles, preload strings.Builder
	for _, name := range styleSheets(files) {
		fmt.Fprintf(&styles, "<link rel=\"stylesheet\" href=\"%s/%s\">\n", assets, name)
	}
	for _, name := range modulesFrom(files, entry) {
		fmt.Fprintf(&preload, "<link rel=\"modulepreload\" href=\"%s/%s\">\n", assets, name)
	}
	return []byte(strings.NewReplacer(
		"{{assets}}", assets, "{{login}}", login,
		"{{styles}}\n", styles.String(), "{{preload}}\n", preload.String(),
	).Replace(string(files["index.html"])))
}

// entry is the module that the document starts.
const entry = "app.js"

// styleSheets are those of the libraries, then those that later ones build on, then those of areas.
func styleSheets(files map[string][]byte) []string {
	sheets := []string{"lib/uplot.css", "style/theme.css", "style/base.css", "style/layout.css", "style/parts.css"}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Dir(name) == "style/pages" {
			sheets = append(sheets, name)
		}
	}
	return sheets
}

// staticImport finds the modules that one cannot start without; what import() loads is for later.
var staticImport = regexp.MustCompile(`(?m)^(?:import|export)\s(?:[^;'"]*\sfrom\s)?['"](\.[^'"]+)['"];`)

// modulesFrom are a module and all that it needs, directly or not. A browser that is told so
// fetches them at once, and not one after the other.
func modulesFrom(files map[string][]byte, start string) []string {
	found := map[string]bool{}
	next := []string{start}
	for len(next) > 0 {
		name := next[0]
		next = next[1:]
		if found[name] {
			continue
		}
		found[name] = true
		for _, match := range staticImport.FindAllSubmatch(files[name], -1) {
			next = append(next, path.Join(path.Dir(name), string(match[1])))
		}
	}
	return slices.Sorted(maps.Keys(found))
}
