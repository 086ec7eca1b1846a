package sealsql_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

const description = `{
  "table": "clinic.patient",
  "logical": "patient",
  "key": ["org", "id"],
  "row": ["id"],
  "tenant": {"column": "org"},
  "subject": {"column": "id"},
  "columns": [{"column": "name"}, {"column": "mrn", "logical": "record_number"}]
}`

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestParseTable(t *testing.T) {
	table, err := sealsql.ParseTable([]byte(description))
	require.NoError(t, err)
	require.Equal(t, &sealsql.Table{
		Table: "clinic.patient", Logical: "patient", Key: []string{"org", "id"}, Row: []string{"id"},
		Tenant: sealsql.Tenant{Column: "org"}, Subject: sealsql.Owner{Column: "id"},
		Columns: []sealsql.Column{{Column: "name"}, {Column: "mrn", Logical: "record_number"}},
	}, table)
	back, err := json.Marshal(table)
	require.NoError(t, err)
	again, err := sealsql.ParseTable(back)
	require.NoError(t, err)
	require.Equal(t, table, again)
}

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestParseTableRefuses(t *testing.T) {
	for old, fresh := range map[string]string{
		`"table": "clinic.patient"`:   `"table": "clinic.patient", "tabel": "x"`,
		`"logical": "patient"`:        `"logical": "patient", "logical": "other"`,
		`"key": ["org", "id"]`:        `"Key": ["org", "id"]`,
		`["org", "id"]`:               `["org", "org"]`,
		`"row": ["id"]`:               `"row": ["name"]`,
		`{"column": "org"}`:           `{"column": "org", "value": "x"}`,
		`"subject": {"column": "id"}`: `"subject": {"column": "id", "none": true}`,
		`{"column": "name"}`:          `{"column": "na\"me"}`,
		`"clinic.patient"`:            `"patient; DROP TABLE patient"`,
		`"logical": "record_number"`:  `"logical": "name"`,
		`"mrn"`:                       `"name"`,
		"]\n}":                        "]\n} {}",
		`["id"]`:                      `"id"`,
	} {
		require.Contains(t, description, old)
		table, err := sealsql.ParseTable([]byte(strings.Replace(description, old, fresh, 1)))
		require.ErrorContains(t, err, "sealsql: ", fresh)
		require.Nil(t, table, "not half of it")
	}
	for old, fresh := range map[string]string{
		`"subject"`: "\"\u017fubject\"", // which encoding/json takes for subject
		`{"column": "mrn", "logical": "record_number"}`: `{"column": "NAME"}`,
		`["org", "id"]`: `["org", "ORG"]`,
		`"row": ["id"]`: `"row": ["Name"]`,
	} {
		require.Contains(t, description, old)
		_, err := sealsql.ParseTable([]byte(strings.Replace(description, old, fresh, 1)))
		require.ErrorContains(t, err, "sealsql: ", fresh)
	}
	for _, bad := range []string{"", "{", "{}", "[]", "null", "1", strings.Repeat("[", 100), `{"table":"t"}`} {
		_, err := sealsql.ParseTable([]byte(bad))
		require.Error(t, err, bad)
	}
}

// Every description that is read is one that can be written and read again.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzParseTable(f *testing.F) {
	f.Add([]byte(description))
	f.Add([]byte(`{"table":"t","key":["k"],"tenant":{"value":"x"},"subject":{"none":true},"columns":[{"column":"c"}]}`))
	f.Add([]byte(`{"table":"t","table":"u"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := sealsql.ParseTable(data)
		if err != nil {
			return
		}
		back, err := json.Marshal(table)
		require.NoError(t, err)
		again, err := sealsql.ParseTable(back)
		require.NoError(t, err)
		require.Equal(t, table.Columns, again.Columns)
		for _, d := range []sealsql.Dialect{sealsql.Postgres, sealsql.SQLite} {
			indexes, err := table.Indexes(d)
			require.NoError(t, err)
			require.Len(t, indexes, len(table.Columns))
		}
	})
}

// No two lists of values have one name.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzRowName(f *testing.F) {
	f.Add("a", "b", "", "1:b")
	f.Add("1:a", "", "1:a0:", "x")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		require.Equal(t, a == c && b == d, sealsql.RowName(a, b) == sealsql.RowName(c, d))
		require.NotEqual(t, sealsql.RowName(a, b), sealsql.RowName(a, b, c))
	})
}

// ExampleRowName shows the names of rows.
//
// Controls: none, it is an example.
func ExampleRowName() {
	fmt.Println(sealsql.RowName("17"))
	fmt.Println(sealsql.RowName("a", "1:b"))
	// Output:
	// 17
	// 1:a3:1:b
}
