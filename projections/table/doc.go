// Package table says the columns of a table once: their names, their types and
// where in a row each value is kept.
//
// Stage: below the read models. From a [Table] follow the statement that makes it,
// those that write to it, the list of a SELECT and the places that a row is scanned
// into; a model adds the conditions and the indexes. A [Versioned] table keeps what its
// rows were.
//
// Contract: values go to PostgreSQL as one array for each column, so a statement
// is the same for any number of rows. It must not know what the rows mean.
package table
