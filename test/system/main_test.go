package system

import (
	"testing"

	"github.com/opsledger/opsledger/test/natscluster"
)

func TestMain(m *testing.M) { natscluster.Main(m) }
