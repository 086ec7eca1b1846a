package deid

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.514(b)(2)(i).
func TestSuspicious(t *testing.T) {
	for _, s := range []string{
		"a@b.example", "see https://a", "call 360-555-0188", "SSN 987 65 4329", "on 2023-11-05", "www.a.example", "<b>", "12/31/1999", "(360) 555-0188",
		"987\u201165\u20114329", "987\u00a065\u00a04329", "617_555_0123", "987,65,4329", "９８７６５４３２９", "٩٨٧٦٥٤٣٢٩", "①②③④⑤⑥⑦", "john＠doe", "john﹫doe",
		"facebook.com/john.doe", "see doe.org", "10.1.2.33", "4/12/19", "4.12.19", "4-12-1930", "4 / 12 / 19", "4\u201112\u201119", "April 12, 2019", "12 April 2019", "12 Apr",
		"12th of", "Apr-1930", "1930-Apr-12", "may 3rd", "97 year old", "97-year-old", "97yo", "97 y/o", "aged 97", "age: 101", "a nonagenarian", "born 1930", "DOB 4/12",
		"Smi\u00adth", "Smi\u200bth", "a\u202eb", "a\x00b", "a\u2028b", "\ue000", "a\nb", strings.Repeat("a", 401), "１９３０－０４－１２",
	} {
		want := s != "12th of"
		require.Equal(t, want, suspicious(s), "%q", s)
	}
	for _, s := range []string{
		"Acetaminophen 325 MG / HYDROcodone 7.5 MG Oral Tablet", "Influenza, seasonal, 2010", "Hemoglobin A1c/Hemoglobin.total in Blood",
		"24 HR Metformin 500 MG", "Body mass index 30+ - obesity (finding)", "1 ML Epinephrine 1 MG/ML Auto-Injector", "Nuñez-Syndrom", "10*3/uL", "µg/dL",
		"Newborn 28 days", "Newborn screening 2", "Age at onset", "Age 65 years and over", "Cells.CD3+CD4+/Cells.CD3", "Ménière's disease", "COVID-19", "Marche 2", "Td (adult), 5 Lf",
		"insulin 70/30", "Vitamin B12", "28 Day Pack", "meningococcal MCV4P", "H1N1-2009", "Ehlers-Danlos, type 4", "糖尿病", "Diabète de type 2", "Birth weight 2500 g", "100 MG tablet",
	} {
		require.False(t, suspicious(s), s)
	}
}

// Names are found in a designation however they are spelt.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestNamesInOtherSpellings(t *testing.T) {
	source := func(name, display string) string {
		return bundle(name, fmt.Sprintf(`{"resourceType":"Condition","code":{"coding":[{"system":"http://snomed.info/sct","code":"38341003","display":%s}]}}`, strconv.Quote(display)))
	}
	person := func(family, given string) string {
		return fmt.Sprintf(`{"resourceType":"Patient","active":true,"name":[{"family":%q,"given":[%q,"Q"]}]}`, family, given)
	}
	const place = `{"resourceType":"Organization","active":true,"name":"Saint Eulalia Infirmary"}`
	for i, c := range []struct{ name, display string }{
		{person("Nu\u00f1ez", "Ana"), "disorder of Nun\u0303ez"},
		{person("Nun\u0303ez", "Ana"), "disorder of Nu\u00f1ez"},
		{person("Nu\u00f1ez", "Ana"), "disorder of NUNEZ"},
		{person("S\u00f8rensen", "Ana"), "disorder of Sorensen"},
		{person("Wei\u00df", "Ana"), "disorder of WEISS"},
		{person("O'Brien", "Ana"), "disorder of OBrien"},
		{person("OBrien", "Ana"), "disorder of O\u2019Brien"},
		{person("O\u2019Brien", "Ana"), "disorder of O Brien"},
		{person("Quillfeather", "Xan"), "see XanQuillfeather"},
		{person("Quillfeather", "Xan"), "see quillfeatherxan"},
		{person("Quillfeather", "Xan"), "see Q-u-i-l-l-f-e-a-t-h-e-r"},
		{person("\uff31uillfeather", "Xan"), "see Quillfeather"},
		{person("\u5c71\u7530", "\u592a\u90ce"), "\u5c71\u7530\u592a\u90ce\u306e\u7cd6\u5c3f\u75c5"},
		{person("\u674e", "\u660e"), "\u674e\u660e\u7684\u7cd6\u5c3f\u75c5"},
		{person("\u304b\u3099\u3064", "x"), "\u304c\u3064\u306e"},
		{place, "seen at Saint Eulalia Infirmary"},
		{place, "seen at SaintEulalia-Infirmary"},
	} {
		out, _ := transform(t, engine(t, nil), source(c.name, c.display))
		require.NotContains(t, out, "display", "%d %s", i, c.display)
		require.Contains(t, out, "38341003")
	}
	for _, c := range []struct{ name, display string }{
		{person("Nu\u00f1ez", "Ana"), "disorder of the pancreas"},
		{person("\u674e", "\u660e"), "\u7cd6\u5c3f\u75c5"},
		{place, "Saint Louis encephalitis"},
	} {
		out, _ := transform(t, engine(t, nil), source(c.name, c.display))
		require.Contains(t, out, "display", c.display)
	}
}

// Controls: none, a table.
func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Ångström": "angstrom", "A\u030angstro\u0308m": "angstrom", "ÆØß": "aeoss", "Łódź": "lodz", "ＡＢ１": "ab1", "Nguyễn": "nguyen", "Άλφα": "αλφα", "Йод": "иод", "smi\u00adth": "smith", "ガ": "カ",
	} {
		require.Equal(t, want, fold(in), in)
		require.Equal(t, want, fold(want))
	}
}
