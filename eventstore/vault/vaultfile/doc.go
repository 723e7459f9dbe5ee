// Package vaultfile is the vault as a file, encrypted with a passphrase: the form of age
// (age-encryption.org/v1, with scrypt), and in it a line of JSON for each secret, between a
// line that says which log's vault it is and one with the number of secrets.
//
// Stage in the flow: the vault of one system → a file → the vault of another, which seals the
// secrets under a key of its own.
//
// Contract: a file that does not end as it was written, or in which a bit is another, is an
// error; until Next has returned io.EOF nothing that was read may be used. Without the passphrase the
// file tells its size alone.
//
// It must not decide which secrets are taken.
package vaultfile
