// Package modeltest is a kit for the tests of the read models: tables without a
// runner, logs made by hand, and random histories with what the lists must show.
package modeltest
