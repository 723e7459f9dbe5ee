// Package moveout writes what an opsledger serves as files for a plain named.
//
// Stage: the command line reads views, zones and the BIND configuration from the API, and writes a
// folder here. Contract: the folder is there whole or not at all, a named starts with it and no
// other file, and its answers are those of the name servers that the agents drive. All names and
// texts are parsed before they are written: a reply of the API is input like any other.
//
// It must not ask the API.
package moveout
