// Package modeltest is a kit for tests of, and on, the read models: a log that they follow, tables without a
// runner, logs made by hand, and random histories with what the lists must show.
package modeltest
