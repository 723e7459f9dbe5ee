package table

// BlockOf is for a test of what it promises.
var BlockOf = blockOf
