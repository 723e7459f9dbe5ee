package dns

// DefaultBindConf is the configuration of a fresh system.
const DefaultBindConf = `// BIND main configuration. Views, zones, the control channel, keys, paths and
// listening addresses are generated around it.
options {
	recursion yes;
	allow-query { any; };
	allow-recursion { localhost; localnets; };
	allow-transfer { none; };
	version none;
	hostname none;
	minimal-responses no-auth-recursive;

	// Internal and forward-only zones are usually not signed and would not
	// validate below the signed root.
	dnssec-validation no;
};
`
