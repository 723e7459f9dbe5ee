package domain

import "fmt"

// Text is a text for users. Its format, as of package fmt, is also its name: package
// wording has the same text in another language under it. Arguments that are a Text, a
// [Phrase] or an [*Error] have words in another language, too; all others are data.
type Text struct {
	Format string
	Args   []any
}

func (t Text) String() string { return fmt.Sprintf(t.Format, t.Args...) }

// Phrase is a part of a text that has words in another language, or a whole text
// without arguments. Numbers in it are data.
type Phrase string
