//go:build interop

package interop

import (
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }
