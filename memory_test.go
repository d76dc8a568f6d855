package pipeline

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Records of a batch that is filled again and again, changed and swapped in
// any order, never see each other's memory, and a clone sees none of it.
func TestRecordsAreIndependent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := NewBatch(4, 0)
		var model []Record // what the records should be, in memory of its own
		var kept []Record
		var keptAs [][]string
		name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		pick := func() int { return rapid.IntRange(0, len(model)-1).Draw(t, "record") }
		some := func(f func()) func(*rapid.T) {
			return func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip("no record")
				}
				f()
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				if b.Full() {
					b.Reset()
					model = nil
				}
				b.Add(1)
				model = append(model, Record{Value: Struct(nil)})
			},
			"set": some(func() {
				i, n, v := pick(), name.Draw(t, "name"), drawValue(t, 2)
				b.Records[i].Set(n, v)
				model[i].Set(n, v.Clone())
			}),
			"remove": some(func() {
				i, n := pick(), name.Draw(t, "name")
				if got, want := b.Records[i].Remove(n), model[i].Remove(n); got != want {
					t.Fatalf("removed: %v, want %v", got, want)
				}
			}),
			"header": some(func() {
				i, h := pick(), Header{name.Draw(t, "name"), []byte("value")}
				b.Records[i].Headers = append(b.Records[i].Headers, h)
				model[i].Headers = append(model[i].Headers, Header{h.Key, slices.Clone(h.Value)})
			}),
			"change nested": some(func() {
				i := pick()
				for j, f := range b.Records[i].Value.Fields() {
					if f.Value.Kind() == KindList && len(f.Value.List()) > 0 {
						f.Value.List()[0] = Int(7)
						model[i].Value.Fields()[j].Value.List()[0] = Int(7)
					}
				}
			}),
			"change header": some(func() {
				i := pick()
				for j, h := range b.Records[i].Headers {
					h.Value[0] = 'V'
					model[i].Headers[j].Value[0] = 'V'
				}
			}),
			"swap": some(func() {
				i, j := pick(), pick()
				b.Records[i], b.Records[j] = b.Records[j], b.Records[i]
				model[i], model[j] = model[j], model[i]
			}),
			"clone": some(func() {
				i := pick()
				kept, keptAs = append(kept, b.Records[i].Clone()), append(keptAs, shown(model[i]))
			}),
			"": func(t *rapid.T) {
				for i := range model {
					if diff := cmp.Diff(shown(model[i]), shown(b.Records[i])); diff != "" {
						t.Fatalf("record %d: %s", i, diff)
					}
				}
				for i := range kept {
					if diff := cmp.Diff(keptAs[i], shown(kept[i])); diff != "" {
						t.Fatal("a clone has changed: ", diff)
					}
				}
			},
		})
	})
}

// shown is what a record holds.
func shown(r Record) []string {
	text := []string{r.Value.String()}
	for _, h := range r.Headers {
		text = append(text, h.Key+"="+string(h.Value))
	}
	return text
}

func drawValue(t *rapid.T, depth int) Value {
	kinds := KindStruct
	if depth == 0 {
		kinds = KindBytes
	}
	switch k := Kind(rapid.IntRange(0, int(kinds)).Draw(t, "kind")); k {
	case KindBool:
		return Bool(true)
	case KindInt:
		return Int(rapid.Int64().Draw(t, "int"))
	case KindFloat:
		return Float(rapid.Float64().Draw(t, "float"))
	case KindString:
		return String(rapid.String().Draw(t, "string"))
	case KindBytes:
		return Bytes(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	case KindList:
		return List(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Value { return drawValue(t, depth-1) }), 0, 3).Draw(t, "list"))
	case KindStruct:
		return Struct(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Field { return Field{"f", drawValue(t, depth-1)} }), 0, 3).Draw(t, "struct"))
	}
	return Null()
}

func TestClonesAreEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t, 3)
		if c := v.Clone(); !c.Equal(v) || !v.Equal(c) || c.String() != v.String() {
			t.Fatalf("%v: its clone is %v", v, c)
		}
	})
}

// What is appended to a list or struct goes to its own spare memory, never
// over a neighbour's, whatever slice it was made of.
func TestGrowthKeepsToItsOwnMemory(t *testing.T) {
	for _, vs := range [][]Value{nil, {}, {Int(1)}, make([]Value, 0, 2), make([]Value, 1, 4), make([]Value, 4)[1:1:1], make([]Value, 4)[4:]} {
		l := List(vs)
		if got := l.List(); len(got) != len(vs) || cap(got) != cap(vs) {
			t.Errorf("a list of %d and %d to spare has %d and %d", len(vs), cap(vs), len(got), cap(got))
		}
		if got := List(append(l.List(), Int(9))).List(); !got[len(vs)].Equal(Int(9)) || len(got) != len(vs)+1 {
			t.Errorf("%v grew to %v", l, got)
		}
	}
	data := []byte("abcd")
	if grown := append(Bytes(data[:2]).Bytes(), 'x'); string(data) != "abcd" || string(grown) != "abx" {
		t.Errorf("bytes grow over their neighbours: %q", data)
	}
	all := []Field{{"a", Int(1)}, {"b", Int(2)}}
	r := Record{Value: Struct(all[:1:1])}
	r.Set("c", Int(3))
	if all[1].Name != "b" {
		t.Errorf("a struct without spare memory grows over its neighbours: %v", all)
	}
}

// The quick way of writing floats writes what strconv does.
func TestFloatsAreWrittenTheShortestWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.OneOf(rapid.Float64(), rapid.Custom(func(t *rapid.T) float64 {
			return float64(rapid.Int64Range(-1e17, 1e17).Draw(t, "digits")) / math.Pow10(rapid.IntRange(0, 12).Draw(t, "places"))
		})).Draw(t, "float")
		got := string(AppendFloat([]byte("x"), f))[1:]
		want := strconv.FormatFloat(f, 'f', -1, 64)
		if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
			want = strconv.FormatFloat(f, 'e', -1, 64)
		} else if !strings.Contains(want, ".") {
			want += ".0"
		}
		if got != want {
			t.Fatalf("%v is written as %s, want %s", f, got, want)
		}
	})
}
