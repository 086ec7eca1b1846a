package deid

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func day(year int) time.Time { return time.Date(year, 2, 3, 0, 0, 0, 0, time.UTC) }

type (
	chartVisit struct {
		At  time.Time `phi:"date"`
		Age int       `phi:"age"`
	}
	chartPerson struct {
		Birth time.Time `phi:"birthdate"`
	}
	chart struct {
		P chartPerson
		V []chartVisit
	}
	chartText struct {
		Birth string    `phi:"birthdate"`
		At    time.Time `phi:"date"`
		Age   int       `phi:"age"`
	}
	member struct {
		Birth  *int `phi:"birthdate"`
		Age    int  `phi:"age"`
		Visits map[string]chartVisit
	}
	family struct{ Mother, Child *member }
)

func transformed[T any](t *testing.T, in T) T {
	t.Helper()
	out, _, err := Struct(t.Context(), engine(t, nil), in)
	require.NoError(t, err)
	return out
}

// A birth date guards what it stands beside and all else of the record that
// has no birth date of its own.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestStructAgesOfTheWholeRecord(t *testing.T) {
	age := func(birth, at, age int) int {
		in := chart{chartPerson{day(birth)}, []chartVisit{{day(at), age}}}
		if birth == 0 {
			in.P.Birth = time.Time{}
		}
		return transformed(t, in).V[0].Age
	}
	require.Zero(t, age(1930, 1990, 60), "beside it")
	require.Zero(t, age(0, 1990, 60), "no birth date at all")
	require.Equal(t, 29, age(1961, 1990, 29))
	require.Equal(t, 60, age(1961, 2021, 60))
	list := transformed(t, []chart{{chartPerson{day(1930)}, []chartVisit{{day(1990), 60}}}, {chartPerson{day(1961)}, []chartVisit{{day(1990), 29}}}})
	require.Zero(t, list[0].V[0].Age)
	require.Equal(t, 29, list[1].V[0].Age, "another record")

	old, young := 1930, 1990
	in := family{&member{Birth: &old, Age: 60, Visits: map[string]chartVisit{"x": {day(1990), 60}}},
		&member{Birth: &young, Age: 30, Visits: map[string]chartVisit{"x": {day(2020), 30}}}}
	out := transformed(t, in)
	require.Zero(t, out.Mother.Age)
	require.Equal(t, 30, out.Child.Age, "who has a birth date of their own")
	for _, v := range out.Mother.Visits {
		require.Zero(t, v.Age)
	}
	for _, v := range out.Child.Visits {
		require.Equal(t, 30, v.Age)
	}
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestStructAgeAndYear(t *testing.T) {
	require.Zero(t, transformed(t, chartVisit{day(1990), 70}).Age)
	require.Equal(t, 53, transformed(t, chartVisit{day(1990), 53}).Age)
	require.Zero(t, transformed(t, chartVisit{day(1990), 54}).Age)
	require.Equal(t, 54, transformed(t, chartVisit{time.Time{}, 54}).Age)
	require.Equal(t, 90, transformed(t, chartVisit{day(1990), 93}).Age)
	type visits struct{ V []chartVisit }
	out := transformed(t, visits{[]chartVisit{{day(1990), 0}, {day(2020), 60}}})
	require.Zero(t, out.V[1].Age, "the oldest year counts")
	for birth, want := range map[string]int{"1961-08-17": 29, "04/12/1930": 0, "04/12/1961": 0, "19610817": 0, "": 0, "1930": 0} {
		require.Equal(t, want, transformed(t, chartText{birth, day(1990), 29}).Age, birth)
	}
}

type (
	selfSlice []selfSlice
	selfPtr   *selfPtr
)

// Controls: none, the bounds of the walk.
func TestStructEndlessValues(t *testing.T) {
	e := engine(t, nil)
	loop := make(selfSlice, 2)
	loop[0], loop[1] = loop, loop
	var ptr selfPtr
	ptr = &ptr
	refused := func(err error) { t.Helper(); require.ErrorIs(t, err, ErrUnsupported) }
	_, _, err := Struct(t.Context(), e, struct {
		F selfSlice `phi:"date"`
	}{loop})
	refused(err)
	_, _, err = Struct(t.Context(), e, struct {
		F selfSlice `phi:"birthdate"`
	}{loop})
	refused(err)
	_, _, err = Struct(t.Context(), e, struct {
		F selfSlice `phi:"clinical"`
	}{loop})
	refused(err)
	_, _, err = Struct(t.Context(), e, struct {
		F selfPtr `phi:"age"`
	}{ptr})
	refused(err)
	_, _, err = Struct(t.Context(), e, struct {
		F selfPtr `phi:"birthdate"`
	}{ptr})
	refused(err)
	_, _, err = Struct(t.Context(), e, struct {
		F selfPtr `phi:"name"`
	}{ptr})
	refused(err)
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestStructLargeAndOddValues(t *testing.T) {
	type image struct {
		Name  string    `phi:"name"`
		Pixel []byte    `phi:"-"`
		Curve []float64 `phi:"clinical"`
	}
	in := image{"x", make([]byte, 5<<20), make([]float64, 5<<20)}
	in.Pixel[7], in.Curve[8] = 9, 10
	out := transformed(t, in)
	require.Len(t, out.Pixel, 5<<20)
	require.Equal(t, byte(9), out.Pixel[7])
	require.InDelta(t, 10, out.Curve[8], 0)
	out.Pixel[7] = 1
	require.Equal(t, byte(9), in.Pixel[7], "no memory is shared")

	type texts struct {
		Age string `phi:"age"`
	}
	for text, want := range map[string]string{
		"45": "45", " 45 ": "45", "4.25": "4.25", "0": "0", "0.5": "0.5", "94": "90", "89.5": "90",
		"045.123456789": "", "45.123456789": "", "045": "", "00": "", "+45": "", "4e1": "", "0x2d": "", "1234": "", "45.": "", ".5": "", "-4": "", "4_5": "", "": "",
	} {
		require.Equal(t, want, transformed(t, texts{text}).Age, text)
	}
}
