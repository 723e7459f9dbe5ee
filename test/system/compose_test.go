package system

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// required is a variable that somebody must set, with what is said to those who did not.
var required = regexp.MustCompile(`^\$\{[A-Z_]+:\?[^}]+\}$`)

// secretName is in the name of what holds a secret; a file of one is only a path.
var secretName = regexp.MustCompile(`(PASSWORD|SECRET|TOKEN|PASSWD)$`)

// Nothing that is started by docker-compose.yml has a password that others know.
func TestComposeHasNoPasswords(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Environment map[string]string
			Command     []string
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	secrets := 0
	for service, s := range file.Services {
		for name, value := range s.Environment {
			if secretName.MatchString(name) {
				secrets++
				if !required.MatchString(value) {
					t.Errorf("%s: %s is %q; want a variable that is required", service, name, value)
				}
			}
			if strings.Contains(value, "://") && regexp.MustCompile(`://[^/@]*:[^/@]*@`).MatchString(value) {
				t.Errorf("%s: %s has a password in its URL: %s", service, name, value)
			}
		}
		if all := strings.Join(s.Command, " "); strings.Contains(all, "password") {
			t.Errorf("%s: a password is on the command line: %s", service, all)
		}
	}
	if secrets < 3 { // PostgreSQL's, and the admin's for each control plane
		t.Errorf("only %d secrets were looked at", secrets)
	}
	for _, variable := range regexp.MustCompile(`\$\{([A-Z_]+)[^}]*\}`).FindAllStringSubmatch(string(text), -1) {
		if secretName.MatchString(variable[1]) && !required.MatchString(variable[0]) {
			t.Errorf("%s has a value that everybody knows", variable[0])
		}
	}
}
