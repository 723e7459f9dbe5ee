package table

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/rowset"
)

// Versioned is a table that keeps what its rows were. The rows as they are stand in a table
// of their own, with since when they are so: what is over makes neither it nor its indexes
// larger, and a row that changes keeps its place. Beside it, with "_past" to its name, is a
// table of what is over. Each version stands in one of the two.
type Versioned[R any] struct {
	Table[R]
	// Past are the statements of further indexes of the second table.
	Past []string
}

// Keeping returns a table as one that keeps what its rows were, with further indexes of what is
// over.
func Keeping[R any](t Table[R], past ...string) Versioned[R] {
	return Versioned[R]{Table: t, Past: past}
}

// ListedWhole returns the table with an index by which all of its rows are found as they were,
// without those of other times.
func (t Versioned[R]) ListedWhole() Versioned[R] {
	t.Past = append(slices.Clone(t.Past), "CREATE INDEX ON {schema}."+t.Name+pastSuffix+" (block, until, since)")
	return t
}

// pastSuffix is what follows the name of a table in that of its former versions.
const pastSuffix = "_past"

// Now is the table of the rows as they are.
func (t Versioned[R]) Now() Table[rowset.Version[R]] {
	return Table[rowset.Version[R]]{
		Name: t.Name, Key: t.Key, Storage: t.Storage, Indexes: t.Indexes,
		Columns: func(v *rowset.Version[R]) []Column {
			return append(t.Columns(&v.Row), Col("since", Number, &v.Since))
		},
	}
}

// Former is the table of what is over. Its key finds by the first column of the row's key
// and the blocks of a position.
func (t Versioned[R]) Former() Table[rowset.Version[R]] {
	first, rest, several := strings.Cut(t.Key, ", ")
	key := first + ", block, since"
	if several {
		key = first + ", block, " + rest + ", since"
	}
	return Table[rowset.Version[R]]{
		Name: t.Name + pastSuffix, Key: key, Indexes: t.Past,
		Columns: func(v *rowset.Version[R]) []Column {
			block := blockOf(v.Since, v.Until)
			return append(t.Columns(&v.Row), Col("since", Number, &v.Since), Col("until", Number, &v.Until), Col("block", Number, &block))
		},
	}
}

// Create returns the statements that make both tables.
func (t Versioned[R]) Create() string { return t.Now().Create() + ";\n" + t.Former().Create() }

// SaveVersions is [Save] for a table with versions.
func SaveVersions[K comparable, R any](
	ctx context.Context, tx pgx.Tx, out *pgx.Batch, schema string, t Versioned[R], set *rowset.Set[K, R],
) error {
	added, altered, dropped := set.Versions()
	return errors.Join(
		t.Now().save(ctx, tx, out, schema, added, altered, dropped),
		t.Former().Insert(ctx, tx, out, schema, set.Former()),
	)
}

// Positions are divided into blocks of 4, of 16, of 64 … of them, each of four of the
// smaller ones. A version is of the smallest block that all of its life is in, so that the
// versions that hold at a position are of the few blocks that the position is in; and few
// others are: a version of a block crosses the border between two of the block's quarters,
// where only one version of a row can be. This is the interval tree of Kriegel, Pötke and
// Seidl (Managing Intervals Efficiently in Object-Relational Databases, VLDB 2000), with four
// branches in place of two, and with one index for both of its sides.
const (
	blockBits = 2
	// maxBlock is the level of the one block that is as good as all of the log.
	maxBlock = 20
)

// blockOf is the block of a version that held from since until until.
func blockOf(since, until domain.Position) domain.Position {
	last := max(until-1, since)
	return block(last, max(bits.Len64(uint64(since^last))-1, 0)/blockBits)
}

// Blocks are the blocks that a position is in.
func Blocks(p domain.Position) []domain.Position {
	blocks := make([]domain.Position, maxBlock+1)
	for level := range blocks {
		blocks[level] = block(p, level)
	}
	return blocks
}

// BlocksOf is [Blocks] of a position that is SQL, as SQL.
func BlocksOf(position string) string {
	numbers := make([]string, maxBlock+1)
	for level := range maxBlock {
		size := (level + 1) * blockBits
		numbers[level] = fmt.Sprintf("%s >> %d << %d | %d", position, size, size, int64(1)<<(size-1))
	}
	numbers[maxBlock] = "0"
	return "ARRAY[" + strings.Join(numbers, ", ") + "]"
}

// block is the number of the position's block of a level: the block's first position with a
// bit of its own for the level. The largest level has one block.
func block(p domain.Position, level int) domain.Position {
	if level >= maxBlock {
		return 0
	}
	size := (level + 1) * blockBits
	return p>>size<<size | 1<<(size-1)
}

// What stands around the name and the columns of a table with versions in a statement, until
// it is known what moment the statement is on.
const (
	VersionedBegin = "{of "
	VersionedEnd   = "}"
)

// In is the table in a statement, where its rows are those of the statement's moment. An alias
// follows it.
func (t Versioned[R]) In(schema string) string { return t.Where(schema, "") }

// Where is In for a statement that needs no other rows than those of a condition on the first
// columns of an index of both tables, which it has itself, too: of the past no others are
// looked at. The condition names columns without the table.
func (t Versioned[R]) Where(schema, condition string) string {
	return marked(schema+"."+t.Name, Names(t.Columns(new(R))), condition)
}

// At is [Versioned.In] for a table of another package, with those of its columns that the
// statement needs.
func At(name, columns string) string { return marked(name, columns, "") }

func marked(name, columns, condition string) string {
	return VersionedBegin + name + ":" + columns + ":" + condition + VersionedEnd
}

// AsOf are the rows of a table as they were at a position, for what At or Where has put into a
// statement; position and blocks are SQL, and blocks are those of [Blocks].
//
// With a condition the blocks are looked up one after the other. Without one the planner may
// do so, and may as well read all that the rest of the statement asks for.
func AsOf(mark, position, blocks string) string {
	name, rest, _ := strings.Cut(mark, ":")
	columns, condition, _ := strings.Cut(rest, ":")
	held := "since <= " + position + " AND until > " + position
	present := "(SELECT " + columns + " FROM " + name + " WHERE since <= " + position
	if condition == "" {
		return present + " UNION ALL SELECT " + columns + " FROM " + name + pastSuffix + " WHERE block = ANY (" + blocks + ") AND " + held + ")"
	}
	return present + " AND " + condition + " UNION ALL SELECT x.* FROM unnest(" + blocks + ") AS b (number) CROSS JOIN LATERAL (SELECT " +
		columns + " FROM " + name + pastSuffix + " WHERE " + condition + " AND block = b.number AND " + held + " OFFSET 0) x)"
}
