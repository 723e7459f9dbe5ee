package domain_test

import (
	"errors"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

func TestCheckVersion(t *testing.T) {
	t.Parallel()
	want := domain.Position(7)
	if err := domain.CheckVersion(nil, 3); err != nil {
		t.Error(err)
	}
	if err := domain.CheckVersion(&want, 7); err != nil {
		t.Error(err)
	}
	var refusal *domain.Error
	if err := domain.CheckVersion(&want, 8); !errors.As(err, &refusal) || refusal.Code != domain.CodePrecondition {
		t.Errorf("got %v", err)
	}
}
