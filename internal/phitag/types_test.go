package phitag

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type base struct {
	MRN string `phi:"mrn,index=mrn"`
}

type address struct {
	Street  string `phi:"street"`
	Zip     string `phi:"zip,limited"`
	Checked bool
}

type visit struct {
	At    time.Time `phi:"date"`
	Notes []string  `phi:"text"`
	Next  *visit
}

type vitals struct{ Pulse, Weight int }

type patient struct {
	base
	Homes    map[string]*address
	Visits   []visit
	Vitals   vitals  `phi:"clinical"`
	Whole    address `phi:"street"`
	Shard    int     `phi:"-"`
	Added    string
	hidden   string
	Children []*patient
}

func of(t *testing.T, v any) *Type {
	t.Helper()
	var c Cache
	typ, err := c.Of(reflect.TypeOf(v))
	require.NoError(t, err)
	return typ
}

// Controls: HIPAA 164.514(b)(2)(i), 164.502(b)(1).
func TestAll(t *testing.T) {
	typ := of(t, []*patient{{hidden: "x"}})
	require.True(t, typ.Bearing)
	got := map[string]string{}
	for path, f := range typ.All() {
		got[path] = f.Tag.String()
	}
	require.Equal(t, map[string]string{
		"base": "unmarked", "base.MRN": "mrn,index=mrn",
		"Homes": "unmarked", "Homes[].Street": "street", "Homes[].Zip": "zip,limited", "Homes[].Checked": "unmarked",
		"Visits": "unmarked", "Visits[].At": "date", "Visits[].Notes": "text", "Visits[].Next": "unmarked",
		"Vitals": "clinical", "Whole": "street", "Shard": "-", "Added": "unmarked", "hidden": "unmarked",
		"Children": "unmarked",
	}, got)
	for path := range typ.All() {
		require.Equal(t, "base", path)
		break
	}
}

// A field that somebody adds to a struct with PHI later must not slip out.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.502(b)(1).
func TestUnmarkedCountsAsPHI(t *testing.T) {
	typ := of(t, patient{})
	want := map[string]bool{"base": false, "Homes": false, "Visits": false, "Vitals": true, "Whole": true,
		"Shard": false, "Added": true, "hidden": true, "Children": false}
	for _, f := range typ.Fields {
		require.Equal(t, want[f.Name], f.PHI(typ), f.Name)
	}
	plain := of(t, vitals{})
	require.False(t, plain.Bearing)
	require.False(t, plain.Fields[0].PHI(plain))
	onlyNot := of(t, struct {
		A int `phi:"-"`
		B int
	}{})
	require.False(t, onlyNot.Bearing, "\"-\" alone makes no PHI")
}

// tagged returns a value of a struct type with one field F and the given tag,
// which may be one that vet would refuse in source.
func tagged(tag string) any {
	f := reflect.StructField{Name: "F", Type: reflect.TypeFor[string](), Tag: reflect.StructTag(tag)}
	return reflect.Zero(reflect.StructOf([]reflect.StructField{f})).Interface()
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestOfRefuses(t *testing.T) {
	type named struct {
		F string `phi:"secret-word"`
	}
	type inner struct {
		Wrong int `phi:"ssn,limited"`
	}
	for name, v := range map[string]any{
		"unknown kind":          named{},
		"limited contradicts":   struct{ In map[int][]inner }{},
		"malformed struct tag":  tagged("phi:mrn"),
		"malformed struct tag ": tagged(`json:"f",phi:"mrn"`),
		"two phi tags":          tagged(`phi:"mrn" json:"f" phi:"-"`),
		"tag on an unexported field": struct {
			f string `phi:"mrn"`
		}{},
		"malformed struct tag  ": tagged(`PHI:"mrn"`),
		`"-" on a type that declares`: struct {
			A address `phi:"-"`
		}{},
		`"clinical" on a type that decl`: struct {
			A []address `phi:"clinical"`
		}{},
	} {
		var c Cache
		typ, err := c.Of(reflect.TypeOf(v))
		require.Nil(t, typ, name)
		var e *Error
		require.ErrorAs(t, err, &e, name)
		require.Contains(t, err.Error(), e.Type+"."+e.Field+": ", name)
		require.NotContains(t, err.Error(), "secret-word")
		if name[len(name)-1] != ' ' {
			require.ErrorContains(t, err, name)
		}
	}
	var c Cache
	typ, err := c.Of(reflect.TypeOf(tagged(`json:"unclosed`)))
	require.NoError(t, err, "not ours to judge")
	require.Equal(t, Unmarked, typ.Fields[0].Tag.Kind)
	_, err = c.Of(reflect.TypeFor[named]())
	require.EqualError(t, err, "phitag: phitag.named.F: unknown kind")
}

// Controls: none, the edges of the walker.
func TestOfEdges(t *testing.T) {
	var c Cache
	for _, v := range []any{nil, 1, "s", []int{1}, map[string]func(){}} {
		typ, err := c.Of(reflect.TypeOf(v))
		require.NoError(t, err)
		require.Nil(t, typ)
	}
	type loop []loop
	typ, err := c.Of(reflect.TypeFor[loop]())
	require.NoError(t, err)
	require.Nil(t, typ)
	type embedsPointer struct {
		*base
		Note string `phi:"text"`
	}
	typ, err = c.Of(reflect.TypeFor[embedsPointer]())
	require.NoError(t, err)
	require.False(t, typ.Fields[0].Exported, "reflection cannot set a pointer to an unexported type")
	require.True(t, typ.Fields[0].PHI(typ))
	typ, err = c.Of(reflect.TypeFor[struct {
		M  map[string][2]*address
		OK int
	}]())
	require.NoError(t, err)
	for path, f := range typ.All() {
		require.Contains(t, []string{"M", "M[][].Street", "M[][].Zip", "M[][].Checked", "OK"}, path)
		require.Equal(t, path == "M", f.Nested())
	}
}

// Controls: none, the cache.
func TestCache(t *testing.T) {
	var c Cache
	first, err := c.Of(reflect.TypeFor[patient]())
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			again, err := c.Of(reflect.TypeFor[*patient]())
			if err != nil || again != first {
				t.Error("another answer the second time")
			}
		})
	}
	wg.Wait()
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = c.Of(reflect.TypeFor[patient]()) }))
}

func BenchmarkCache(b *testing.B) {
	var c Cache
	for b.Loop() {
		_, _ = c.Of(reflect.TypeFor[patient]())
	}
}

// A tag that reflect cannot read is a declaration that is lost without a
// word, so that a name counts as clinical. Each of these once was.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.502(b)(1).
func TestNoTagIsLost(t *testing.T) {
	for _, tag := range []string{
		`json="n" phi:"name"`, "json:\"n\"\tphi:\"name\"", "\tphi:\"name\"", "phi\x7f:\"name\"", `json:"n phi:"name"`, `json:'n' phi:"name"`,
		`phi :"name"`, `phi: "name"`, `json phi:"name"`, `:"x" phi:"name"`, `json:"n", phi:"name"`, `json:"n";phi:"name"`, `-phi:"name"`,
		`json:"n" Phi="name"`, `phi="name"`, `phi`, `json:"\z" phi:"name"`, "json:\"n\"\nphi:\"name\"",
	} {
		var c Cache
		_, err := c.Of(reflect.TypeOf(tagged(tag)))
		var e *Error
		require.ErrorAs(t, err, &e, "%q", tag)
		require.Equal(t, "malformed struct tag", e.Reason)
	}
	for _, tag := range []string{`json:"n"phi:"name"`, `  json:"n"  phi:"name" `, `json:"phi" phi:"name"`, `doc:"a \"phi\" tag" phi:"name"`} {
		typ := of(t, tagged(tag))
		require.Equal(t, Name, typ.Fields[0].Tag.Kind, tag)
	}
	for _, tag := range []string{`json:"graphite"`, `json="n"`, "json:\"n\"\tdb:\"n\"", `dolphin:"x"`} {
		typ := of(t, tagged(tag))
		require.Equal(t, Unmarked, typ.Fields[0].Tag.Kind, tag)
	}
}

// Types that all lead to each other have factorially many paths between them.
type (
	mesh0 struct {
		Name           string `phi:"name"`
		A, B, C, D, E  *mesh1
		F, G, H, I, J  *mesh2
		K, L, M, N, O  *mesh3
		P, Q, R, S, T_ *mesh4
	}
	mesh1 struct {
		A *mesh0
		B *mesh2
		C *mesh3
		D *mesh4
		E *mesh5
		F *mesh6
		G *mesh7
		H *mesh8
	}
	mesh2 struct{ mesh1 }
	mesh3 struct{ mesh1 }
	mesh4 struct{ mesh1 }
	mesh5 struct{ mesh1 }
	mesh6 struct{ mesh1 }
	mesh7 struct{ mesh1 }
	mesh8 struct {
		mesh1
		mesh0
	}
)

// Controls: none, the walk is bounded.
func TestAllIsBounded(t *testing.T) {
	seen := map[string]bool{}
	for path := range of(t, mesh0{}).All() {
		require.False(t, seen[path], path)
		seen[path] = true
		require.Less(t, len(seen), 101)
	}
	require.True(t, seen["Name"])
	type twice struct{ Home, Work address }
	places := 0
	for range of(t, twice{}).All() {
		places++
	}
	require.Equal(t, 8, places, "what does not lead back to itself is entered at each place")
}
