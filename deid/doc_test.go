package deid

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// tagRow is one row of the table of tags in the package documentation.
type tagRow struct{ word, paragraph, options, becomes string }

func tagTable(t *testing.T) []tagRow {
	t.Helper()
	src, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var rows []tagRow
	inside := false
	for line := range strings.Lines(string(src)) {
		text, isTable := strings.CutPrefix(line, "//\t")
		switch f := strings.Fields(text); {
		case !isTable:
			inside = false
		case f[0] == "word":
			inside = true
		case inside && f[0] != "(no":
			rows = append(rows, tagRow{f[0], f[1], f[2], strings.Join(f[3:], " ")})
		}
	}
	return rows
}

// The table of the documentation has every word of the tag, with the paragraph
// and the options of the grammar, and tells what Struct does.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.514(e).
func TestTableOfTags(t *testing.T) {
	rows := tagTable(t)
	kinds := phitag.Kinds()
	require.Len(t, rows, len(kinds))
	for i, k := range kinds {
		row := rows[i]
		require.Equal(t, k.String(), row.word)
		paragraph := k.Paragraph()
		if paragraph == "" {
			paragraph = "-"
		}
		require.Equal(t, paragraph, row.paragraph, row.word)
		options := ""
		for letter, option := range map[string]string{"L": ",limited", "A": ",adjacent", "I": ",index=x"} {
			_, err := phitag.Parse(row.word + option)
			require.Equal(t, err == nil, strings.Contains(row.options, letter), row.word+option)
			if err == nil {
				options += option
			}
		}
		_, err := phitag.Parse(row.word + ",group=x")
		require.Equal(t, row.word != "-", err == nil, row.word)

		for _, tag := range []string{row.word, row.word + options} {
			require.Equal(t, row.becomes, becomes(t, tag), tag)
		}
	}
}

// becomes says, in the words of the table, what Struct does to strings of a
// field with a tag.
func becomes(t *testing.T, tag string) string {
	t.Helper()
	one := func(o *Options, in string) string {
		typ := reflect.StructOf([]reflect.StructField{
			{Name: "Bears", Type: reflect.TypeFor[string](), Tag: `phi:"name"`},
			{Name: "F", Type: reflect.TypeFor[string](), Tag: reflect.StructTag(fmt.Sprintf("phi:%q", tag))},
		})
		v := reflect.New(typ).Elem()
		v.FieldByName("F").SetString(in)
		out, _, err := engine(t, o).value(context.Background(), v)
		require.NoError(t, err)
		return out.FieldByName("F").String()
	}
	plain, coded := one(nil, "some words"), one(&Options{Codes: new(Codes)}, "some words")
	word, _, _ := strings.Cut(tag, ",")
	switch {
	case word == "text" && plain == "":
		return "zero: free text may hold any of these"
	case word == "clinical" && plain == "some words":
		return "itself: PHI, but no identifier"
	case word == "-" && plain == "some words":
		return "itself: no PHI, on purpose"
	case plain != "":
		return "another value"
	case coded != "":
		return "zero, or a random code"
	case one(nil, "98065") == "980" && one(nil, "82190") == "000":
		return `three digits or "000", of a string`
	case one(nil, "WA") == "WA":
		return "itself if it is one, of a string"
	case one(nil, "1970-11-21") == "1970" && one(nil, "21.11.1970") == "":
		return "the year"
	case one(nil, "89") == "89" && one(nil, "91") == "90":
		return "itself up to 89, then 90"
	}
	return "zero"
}

// Of Go types that cannot say what the tag means nothing stays.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestTagsOnOtherGoTypes(t *testing.T) {
	type others struct {
		Zip    int                `phi:"zip"`
		Zips   []string           `phi:"zip"`
		States []string           `phi:"state"`
		Day    string             `phi:"date"`
		Days   map[string]string  `phi:"date"`
		Null   struct{ S string } `phi:"birthdate"`
		MRN    int64              `phi:"mrn"`
		MRNs   []string           `phi:"other"`
		Ages   []int              `phi:"age"`
		Names  []string           `phi:"name"`
	}
	in := others{
		Zip: 98065, Zips: []string{"98065"}, States: []string{"WA"}, Day: "21.11.1970", Days: map[string]string{"1970": "1970"},
		Null: struct{ S string }{"1970"}, MRN: 88412077, MRNs: []string{"MRN-88412077"}, Ages: []int{40}, Names: []string{"Quillfeather"},
	}
	out, _, err := Struct(context.Background(), engine(t, &Options{Codes: new(Codes)}), in)
	require.NoError(t, err)
	require.Equal(t, others{}, out)
}
