package access

import (
	"reflect"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

func TestWithheld(t *testing.T) {
	t.Parallel()
	type inner struct {
		Mail Sealed `json:"mail,omitempty"`
		Open string `json:"open"`
	}
	type event struct {
		ID     int      `json:"id"`
		Secret string   `json:"secret,omitempty" hidden:"true"`
		One    inner    `json:"one"`
		Many   []inner  `json:"many"`
		Maybe  *inner   `json:"maybe"`
		Times  []string `json:"times"`
	}
	v := withheldOfType(reflect.TypeFor[event]())
	got, err := v.Null([]byte(`{"id":1,"one":{"mail":"x","open":"<a>"},"many":[{"open":"b"},{"mail":"y","open":"c"}],"maybe":null,"times":["d"]}`))
	want := `{"id":1,"many":[{"mail":null,"open":"b"},{"mail":null,"open":"c"}],"maybe":null,"one":{"mail":null,"open":"<a>"},"secret":null,"times":["d"]}`
	if err != nil || string(got) != want {
		t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
	}
	if v := withheldOfType(reflect.TypeFor[domain.Event]()); v != nil {
		t.Errorf("%+v", v)
	}
}
