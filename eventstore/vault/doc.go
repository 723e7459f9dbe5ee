// Package vault keeps what must never enter the log: password hashes, keys that
// seal personal fields, keys of tokens and of the bus, secrets cut out of
// configurations.
//
// Stage in the flow: a secret is written here first, then the event that names
// its id is appended. If that append fails the secret is an orphan, which is harmless.
//
// Contract: a secret never changes. It is sealed with AES-256-GCM under the key
// of one file, which all processes of a log share and the database never sees.
// Erasing a personal key makes every copy of the fields sealed with it unreadable.
//
// It must not be asked for secrets on behalf of somebody whose right was not
// checked: the vault knows no users.
package vault
