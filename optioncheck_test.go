package pipeline

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type tree struct {
	Children []tree `yaml:"children"`
}

func TestRegisterRefusesOptionTypes(t *testing.T) {
	const types = "; use a struct, a slice, a string, a bool, an int, a float or a type with DecodeOption or UnmarshalText"
	for _, tc := range []struct {
		register func()
		want     string
	}{
		{registering(struct {
			Map map[string]int `yaml:"map"`
		}{}), `codec "test": map: options can't have the type map[string]int; use pipeline.Pairs, which keeps the order`},
		{registering(struct {
			A struct {
				B []*uint8 `yaml:"b"`
			} `yaml:"a"`
		}{}), `codec "test": a: b: options can't have the type uint8` + types},
		{registering(struct {
			P Pairs[chan int] `yaml:"p"`
		}{}), `codec "test": p: options can't have the type chan int` + types},
		{registering(struct {
			Whole any `yaml:",inline"`
		}{}), `codec "test": options can't have the type interface {}` + types},
	} {
		func() {
			defer func() {
				if diff := cmp.Diff("pipeline: "+tc.want, fmt.Sprint(recover())); diff != "" {
					t.Error(diff)
				}
			}()
			tc.register()
		}()
	}
	if err := checkOptionType(reflect.TypeFor[struct {
		options `yaml:",inline"`
		Tree    tree           `yaml:"tree"`
		Wait    *time.Duration `yaml:"wait"`
		Codec   *Bound[Codec]  `yaml:"codec"`
		Hidden  func()
	}](), nil); err != nil {
		t.Error(err)
	}
}

func registering[O any](defaults O) func() {
	return func() {
		RegisterCodec("test", defaults, func(context.Context, Env, O) (Codec, error) { return nil, nil })
	}
}

func TestNearest(t *testing.T) {
	known := []string{"id", "path", "topic", "timestamp", "on_failure"}
	for name, want := range map[string]string{
		"x": "", "ix": "id", "if": "id", "pat": "path", "paht": "path", "pxxh": "", "topci": "topic", "toxyc": "",
		"timestmp": "timestamp", "tiemstmap": "timestamp", "onfailur": "on_failure", "on-failrue": "on_failure", "failure": "",
	} {
		if got := nearest(name, known); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
