package avro

import (
	"slices"
	"strings"

	hamba "github.com/hamba/avro/v2"

	"github.com/pipeline-daemon/pipeline"
)

type unionType struct {
	types []node
	order [pipeline.KindStruct + 1][]int // of the types to try, by the value's kind
}

func newUnion(types []node) *unionType {
	t := &unionType{types: types}
	for kind := range t.order {
		for i := range types {
			if rank(types[i], pipeline.Kind(kind)) > 0 {
				t.order[kind] = append(t.order[kind], i)
			}
		}
		slices.SortStableFunc(t.order[kind], func(a, b int) int {
			return rank(types[b], pipeline.Kind(kind)) - rank(types[a], pipeline.Kind(kind))
		})
	}
	return t
}

// The ranks of a type for the values of a kind.
const (
	never   = 0
	perhaps = 1 // if the value can be converted
	lossy   = 2 // or it comes back as such a value if it can be converted
	same    = 3
)

// rank says how well a type keeps what values of a kind are.
func rank(t node, kind pipeline.Kind) int {
	ranks := map[pipeline.Kind]int{}
	switch t := t.(type) {
	case nullType:
		ranks[pipeline.KindNull] = same
	case booleanType:
		ranks[pipeline.KindBool] = same
	case intType, longType:
		ranks[pipeline.KindInt] = same
	case floatType:
		ranks[pipeline.KindFloat], ranks[pipeline.KindInt] = lossy, perhaps
	case doubleType:
		ranks[pipeline.KindFloat], ranks[pipeline.KindInt] = same, lossy
	case stringType:
		ranks[pipeline.KindString], ranks[pipeline.KindTime], ranks[pipeline.KindBytes] = same, perhaps, perhaps
	case bytesType, *fixedType:
		ranks[pipeline.KindBytes], ranks[pipeline.KindString] = same, perhaps
	case *enumType:
		ranks[pipeline.KindString] = lossy
	case *instantType:
		ranks[pipeline.KindTime], ranks[pipeline.KindString], ranks[pipeline.KindInt] = same, perhaps, perhaps
		if t.unit == nsPerDay {
			ranks[pipeline.KindTime] = lossy
		}
	case *dayTimeType:
		ranks[pipeline.KindString], ranks[pipeline.KindInt] = lossy, perhaps
	case *decimalType:
		ranks[pipeline.KindFloat], ranks[pipeline.KindInt], ranks[pipeline.KindString], ranks[pipeline.KindBytes] = perhaps, perhaps, lossy, perhaps
	case *uuidType:
		ranks[pipeline.KindString] = lossy
	case *arrayType:
		ranks[pipeline.KindList] = same
	case *recordType, *mapType:
		ranks[pipeline.KindStruct] = same
	}
	return ranks[kind]
}

func (t *unionType) String() string {
	var names []string
	for _, typ := range t.types {
		names = append(names, typ.String())
	}
	return strings.Join(names, " or ")
}

// encode writes the value as the first type that takes it.
func (t *unionType) encode(w *hamba.Writer, v pipeline.Value) error {
	before := w.Buffer()
	order := t.order[v.Kind()]
	for _, i := range order {
		w.WriteLong(int64(i))
		err := t.types[i].encode(w, v)
		if err == nil || len(order) == 1 {
			return err
		}
		w.Reset(nil) // and take back what the type has begun to write
		_, _ = w.Write(before)
	}
	return misfit(t, v)
}

func (t *unionType) decode(d *decoder) (pipeline.Value, error) {
	i, err := d.long()
	if err == nil && (i < 0 || i >= int64(len(t.types))) {
		err = d.wrong("wants %v, not type number %d of %d", t, i, len(t.types))
	}
	if err != nil {
		return pipeline.Null(), err
	}
	return t.types[i].decode(d)
}

// null returns what null is written as, nil where it can't be.
func null(t node) []byte {
	w := hamba.NewWriter(nil, 1)
	if t.encode(w, pipeline.Null()) != nil {
		return nil
	}
	return w.Buffer()
}
