package moveout

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
)

// Configuration is what a name server's configuration says.
type Configuration struct {
	Main *Main
	// Views are in the order in which they are matched.
	Views []View
}

// View is a view with its zones.
type View struct {
	Name  string
	ACL   []dns.ACLEntry
	Zones []Zone
}

// Zone is a zone of a view, with a file unless its questions are passed on.
type Zone struct {
	Name       string
	Forwarders []string
}

// NewView checks a view that the API has told of.
func NewView(name, acl string) (v View, err error) {
	if v.Name, err = dns.ParseViewName(name); err != nil {
		return v, fmt.Errorf("view %q: %w", name, err)
	}
	if v.ACL, err = dns.ParseACL(acl); err != nil {
		return v, fmt.Errorf("view %s: %w", name, err)
	}
	return v, nil
}

// NewZone checks a zone that the API has told of.
func NewZone(name, kind, forwarders string) (z Zone, err error) {
	if z.Name, err = dns.ParseZoneName(name); err != nil {
		return z, fmt.Errorf("zone %q: %w", name, err)
	}
	z.Name = dns.FoldName(z.Name)
	switch kind {
	case dns.ZoneMaster:
		return z, nil
	case dns.ZoneForwardOnly:
	default:
		return z, fmt.Errorf("zone %s: %q is no type that is known here", name, kind)
	}
	if z.Forwarders, err = dns.ParseForwarders(forwarders); err != nil {
		return z, fmt.Errorf("zone %s: %w", name, err)
	}
	if len(z.Forwarders) == 0 {
		return z, fmt.Errorf("zone %s: it has no forwarders", name)
	}
	return z, nil
}

// HasFile says whether the zone has records.
func (z Zone) HasFile() bool { return z.Forwarders == nil }

// names of files in the folder.
const (
	confFile  = "named.conf"
	keyFile   = "keys.conf"
	zonesDir  = "zones"
	extension = ".zone"
)

// file is where a zone's records are, below the folder.
func (v View) file(z Zone) string { return path.Join(zonesDir, v.Name, fileName(z.Name)) }

// tolerant has named load all data that an opsledger has accepted, as agents have it do.
const tolerant = `	check-names primary ignore;
	check-integrity no;
	check-mx ignore;
	check-mx-cname ignore;
	check-srv-cname ignore;
	check-sibling no;
	check-spf ignore;
	check-wildcard no;
	check-dup-records ignore;
	max-records-per-type 0;
	max-types-per-name 0;
`

// text writes named.conf for the folder, which is absolute.
func (c Configuration) text(folder string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "// Written by opsledger export bind. The folder's name stands here twice.\n")
	if c.Main.hasKeys() {
		fmt.Fprintf(&out, "include %s;\n", quoted(path.Join(folder, keyFile)))
	}
	out.WriteString(dns.FormatStatements(c.Main.others(), 0))
	fmt.Fprintf(&out, "options {\n\tdirectory %s;\n\tpid-file \"named.pid\";\n\tsession-keyfile \"session.key\";\n%s", quoted(folder), tolerant)
	out.WriteString(dns.FormatStatements(c.Main.options(), 1))
	out.WriteString("};\n")
	for _, v := range c.Views {
		v.write(&out)
	}
	return out.String()
}

func (v View) write(out *strings.Builder) {
	fmt.Fprintf(out, "view %s {\n\tmatch-clients {\n", quoted(v.Name))
	for _, e := range v.ACL {
		fmt.Fprintf(out, "\t\t%s;\n", e)
	}
	out.WriteString("\t};\n")
	zones := slices.SortedFunc(slices.Values(v.Zones), func(a, b Zone) int { return strings.Compare(a.Name, b.Name) })
	for _, z := range zones {
		if z.HasFile() {
			fmt.Fprintf(out, "\tzone %s { type primary; file %s; };\n", quoted(z.Name), quoted(v.file(z)))
		} else {
			fmt.Fprintf(out, "\tzone %s { type forward; forward only; forwarders { %s }; };\n", quoted(z.Name), dns.FormatForwarders(z.Forwarders))
		}
	}
	out.WriteString("};\n")
}

// quoted writes a name that was checked, or a path without quotes and backslashes.
func quoted(text string) string { return `"` + text + `"` }

// Zones counts the zones of all views.
func (c Configuration) Zones() (n int) {
	for _, v := range c.Views {
		n += len(v.Zones)
	}
	return n
}

// Files are the names of the files in the folder.
func (c Configuration) Files() []string {
	files := []string{confFile}
	if c.Main.hasKeys() {
		files = append(files, keyFile)
	}
	for _, v := range c.Views {
		for _, z := range v.Zones {
			if z.HasFile() {
				files = append(files, v.file(z))
			}
		}
	}
	return files
}
