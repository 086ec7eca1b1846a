package crypto_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

type ward struct {
	Street string `json:"street" phi:"street,group=contact"`
	Zip    string `json:"zip" phi:"zip"`
}

type vitals struct{ Pulse, Weight int }

type named struct {
	Given string `json:"given" phi:"name"`
}

// chart has a field of every kind.
type chart struct {
	named
	ID      int64             `phi:"-"`
	MRN     string            `json:"mrn" phi:"mrn,index=mrn"`
	Born    time.Time         `json:"born" phi:"birthdate,group=demographics"`
	Died    *time.Time        `json:"died" phi:"death,group=demographics"`
	Age     uint8             `phi:"age,group=demographics"`
	A1c     float64           `phi:"clinical,group=labs"`
	Delta   *int32            `phi:"clinical,group=labs"`
	Smoker  bool              `phi:"clinical,group=labs"`
	Scan    []byte            `phi:"photo,group=labs"`
	Vitals  vitals            `phi:"clinical,group=labs"`
	Notes   []string          `json:"notes" phi:"text"`
	Codes   map[string]string `phi:"clinical"`
	Comment *string           `phi:"text"`
	Home    ward              `json:"home"`
}

func ptr[T any](v T) *T { return &v }

func sampleChart() chart {
	return chart{
		named: named{"Ada"}, ID: 7, MRN: "4711",
		Born: time.Date(1990, 2, 3, 4, 5, 6, 789, time.FixedZone("", 3600)), Died: ptr(time.Unix(1, 0).UTC()),
		Age: 36, A1c: 5.5, Delta: ptr(int32(-4)), Smoker: true, Scan: []byte{1, 2, 0}, Vitals: vitals{60, 70},
		Notes: []string{"a", ""}, Codes: map[string]string{"x": "y"}, Comment: ptr(""), Home: ward{"Main St", "12345"},
	}
}

func rowsOf[S any](t testing.TB, s *crypto.Sealer, o *crypto.RowOptions) *crypto.Rows[S] {
	t.Helper()
	r, err := crypto.NewRows[S](s, o)
	require.NoError(t, err)
	return r
}

func sealRow[S any](t testing.TB, r *crypto.Rows[S], v S, ref crypto.Ref) crypto.SealedRow {
	t.Helper()
	row, err := r.Seal(t.Context(), &v, ref)
	require.NoError(t, err)
	return row
}

// Every kind of field comes back as it was, null told from empty.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRowRoundTrip(t *testing.T) {
	s := newFixture(t, nil)
	r := rowsOf[chart](t, s.Sealer, nil)
	require.Equal(t, []string{"", "contact", "demographics", "labs"}, r.Groups())
	empty := chart{Scan: []byte{}, Comment: ptr("")}
	for _, want := range []chart{sampleChart(), {}, empty} {
		for _, subject := range subjects {
			ref := refOf(subject)
			row := sealRow(t, r, want, ref)
			got := chart{ID: want.ID, MRN: "stale"}
			report, err := r.Open(t.Context(), &got, ref, crypto.UnsafeAllFields{}, row)
			require.NoError(t, err)
			require.Equal(t, crypto.RowReport{}, report)
			require.True(t, want.Born.Equal(got.Born))
			require.Equal(t, want.Born.Format(time.RFC3339Nano), got.Born.Format(time.RFC3339Nano))
			got.Born = want.Born
			require.Equal(t, want, got)
		}
	}
}
