package child

import "os"

// inherited are the variables that programs get from the environment of opsledger:
// where programs are, in which language they speak, and how late it is. GORACE is for
// opsledger itself as a child, when it is built with the race detector.
//
// All others stay here: among them are passwords and addresses with passwords.
var inherited = [...]string{"PATH", "LANG", "LC_ALL", "TZ", "GORACE"}

// Environment is the whole environment of a program: the inherited variables, and
// those given as NAME=value, which win.
func Environment(more ...string) []string {
	env := make([]string, 0, len(inherited)+len(more))
	for _, name := range inherited {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return append(env, more...)
}
