package vaultfile

// NewWriterAt is NewWriter with another cost of trying passphrases.
var NewWriterAt = newWriter
