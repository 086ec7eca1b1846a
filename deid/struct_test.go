package deid

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
)

type address struct {
	Line    string `phi:"street"`
	Zip     string `phi:"zip,limited"`
	State   string `phi:"state"`
	Checked bool
}

type visit struct {
	At    *time.Time     `phi:"date"`
	Times []time.Time    `phi:"date"`
	Day   string         `phi:"admission"`
	Labs  map[string]any `phi:"clinical"`
	Codes []string       `phi:"clinical"`
	Note  string         `phi:"text"`
}

type base struct {
	MRN string `phi:"mrn,index=mrn"`
}

type patient struct {
	base
	Ref     safeguard.Patient `phi:"mrn"`
	Alias   string            `phi:"other"`
	Born    time.Time         `phi:"birthdate,group=demographics"`
	BornIn  int               `phi:"birthdate"`
	Age     int               `phi:"age"`
	AgeText string            `phi:"age"`
	Homes   []address
	Visits  map[string]*visit
	Next    *patient
	A1c     float64   `phi:"clinical,group=labs"`
	Updated time.Time `phi:"-"`
	Any     any       `phi:"-"`
	Added   string
	hidden  string
}

func sample() patient {
	at := time.Date(2023, 11, 5, 9, 41, 0, 0, time.UTC)
	return patient{
		base: base{"MRN-88412077"}, Ref: safeguard.NewPatient("MRN-88412077"), Alias: "raven-4417-xq",
		Born: time.Date(1961, 8, 17, 5, 6, 7, 0, time.Local), BornIn: 1961, Age: 62, AgeText: "62",
		Homes: []address{{"4417 Larkspur Lane", "98065-1234", "WA", true}, {"9 Rock Spur", "82190", "Bavaria", true}},
		Visits: map[string]*visit{"VISIT-20231105": {
			At: &at, Times: []time.Time{at, {}}, Day: "2023-11-05", Labs: map[string]any{"A1c": 7.1}, Codes: []string{"E11.9"}, Note: "Quillfeather came",
		}},
		Next: &patient{Born: time.Date(1929, 12, 30, 0, 0, 0, 0, time.UTC), Age: 61, AgeText: "94"},
		A1c:  7.125, Updated: at, Any: "Quillfeather", Added: "Quillfeather", hidden: "Quillfeather",
	}
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestStruct(t *testing.T) {
	in := sample()
	out, report, err := Struct(context.Background(), engine(t, nil), in)
	require.NoError(t, err)
	require.Equal(t, sample(), in, "the input is as it was")
	require.Len(t, out.Visits, 1)
	for key, v := range out.Visits {
		require.Regexp(t, uuids, key)
		year := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
		require.Equal(t, &visit{At: &year, Times: []time.Time{year, {}}, Day: "2023", Labs: map[string]any{"A1c": nil}, Codes: []string{"E11.9"}}, v)
		v.Codes[0] = "changed"
	}
	require.Equal(t, "E11.9", in.Visits["VISIT-20231105"].Codes[0], "no memory is shared")
	out.Visits = nil
	require.Equal(t, patient{
		Born: time.Date(1961, 1, 1, 0, 0, 0, 0, time.UTC), BornIn: 1961, Age: 62, AgeText: "62",
		Homes: []address{{Zip: "980", State: "WA"}, {Zip: "000"}},
		Next:  &patient{AgeText: "90"},
		A1c:   7.125, Updated: in.Updated,
	}, out)
	text := reportText(t, report)
	for _, secret := range []string{"Quillfeather", "88412077", "Larkspur", "20231105", "98065", "raven"} {
		require.NotContains(t, text, secret)
	}
	require.Equal(t, 7, report.Resources)
	require.Contains(t, text, "patient.Homes.Zip")
}

// Controls: HIPAA 164.514(c).
func TestStructWithCodes(t *testing.T) {
	codes := new(Codes)
	e := engine(t, &Options{Codes: codes})
	out, _, err := Struct(context.Background(), e, sample())
	require.NoError(t, err)
	again, _, err := Struct(context.Background(), e, &patient{base: base{"MRN-88412077"}})
	require.NoError(t, err)
	require.Regexp(t, uuids, out.MRN)
	require.Equal(t, out.MRN, again.MRN)
	require.Equal(t, out.MRN, out.Ref.Reveal())
	require.NotEqual(t, out.MRN, out.Alias)
	was, ok := codes.Reveal(out.MRN)
	require.True(t, ok)
	require.Equal(t, "MRN-88412077", was)
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestStructRefuses(t *testing.T) {
	e := engine(t, nil)
	ctx := context.Background()
	_, _, err := Struct(ctx, e, struct{ A string }{"x"})
	require.ErrorIs(t, err, ErrUnsupported)
	_, _, err = Struct(ctx, e, "x")
	require.ErrorIs(t, err, ErrUnsupported)
	_, _, err = Struct[any](ctx, e, sample())
	require.ErrorIs(t, err, ErrUnsupported, "an interface has no tags")
	type wrong struct {
		F string `phi:"ssn,limited"`
	}
	_, _, err = Struct(ctx, e, wrong{"987-65-4329"})
	require.EqualError(t, err, "deid: struct: phitag: deid.wrong.F: limited contradicts the kind")
	loop := &patient{}
	loop.Next = loop
	out, report, err := Struct(ctx, e, loop)
	require.ErrorIs(t, err, ErrUnsupported)
	require.Nil(t, out)
	require.Nil(t, report)
	type cyclic struct {
		Name string               `phi:"name"`
		Tree []any                `phi:"clinical"`
		Self *struct{ Next *int } `phi:"clinical"`
	}
	type graph struct {
		A, B *graph
		Name string `phi:"name"`
	}
	twins := &graph{}
	twins.A, twins.B = twins, twins
	_, _, err = Struct(ctx, e, twins)
	require.ErrorIs(t, err, ErrUnsupported, "doubles at each step")
	clean, _, err := Struct(ctx, e, cyclic{Name: "x", Tree: []any{"Quillfeather", &loop}})
	require.NoError(t, err)
	require.Equal(t, []any{nil, nil}, clean.Tree)
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, _, err = Struct(stopped, e, sample())
	require.ErrorIs(t, err, context.Canceled)
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestStructOddTypes(t *testing.T) {
	type odd struct {
		Zip      int                   `phi:"zip"`
		Unix     int64                 `phi:"date"`
		Year     uint16                `phi:"date"`
		Null     struct{ T time.Time } `phi:"date"`
		NullName *string               `phi:"name"`
		Ages     [2]float64            `phi:"age"`
		Age      float32               `phi:"age"`
		AgeNaN   string                `phi:"age"`
		By       map[int]address
		People   [1]address
		Ptr      **address
		Raw      json.RawMessage `phi:"clinical"`
		Plain    struct {
			A int
			b int
		} `phi:"clinical"`
		Who safeguard.Patient `phi:"clinical"`
		F   func()            `phi:"-"`
	}
	name, home := "Quillfeather", &address{Line: "Larkspur", State: "OR"}
	in := odd{Zip: 98065, Unix: 1700000000, Year: 2020, NullName: &name, Ages: [2]float64{1, 93}, Age: 93.5, AgeNaN: "nan",
		By: map[int]address{88412077: {}}, People: [1]address{*home}, Ptr: &home, Raw: []byte(`{}`), Who: safeguard.NewPatient("x"), F: func() {}}
	in.Null.T = time.Now()
	in.Plain.A, in.Plain.b = 7, 8
	out, _, err := Struct(context.Background(), engine(t, nil), in)
	require.NoError(t, err)
	require.Equal(t, &address{State: "OR"}, *out.Ptr)
	require.Nil(t, out.F)
	out.Ptr, out.F = nil, nil
	want := odd{Year: 2020, Age: 90, People: [1]address{{State: "OR"}}, Raw: []byte(`{}`)}
	want.Plain.A = 7
	require.Equal(t, want, out)
}

// The default reference date is the time of the call.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestAsOfDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := New(nil)
		require.NoError(t, err)
		now := time.Now().Year()
		for range 3 {
			src := fmt.Sprintf(`{"resourceType":"Patient","active":true,"birthDate":"%d-05-05"}`, now-89)
			out, report, err := e.FHIR(context.Background(), nil, []byte(src))
			require.NoError(t, err)
			require.Equal(t, time.Now().Year(), report.ReferenceYear)
			if time.Now().Year() == now {
				require.Contains(t, string(out), "birthDate")
			} else {
				require.NotContains(t, string(out), "birthDate")
			}
			time.Sleep(367 * 24 * time.Hour) // of the bubble's clock
		}
	})
}
