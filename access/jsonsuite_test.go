package access_test

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// The cases are those of Nicolas Seriot's JSONTestSuite, by what they try
// (compared with its 318 files as github.com/go-faster/jx v1.1.0 carries them):
// texts that every parser must refuse (n), must accept (y), and may do either
// with (i). One text a line; escapes are those of Go.
const (
	mustRefuse = `[1 true]
[a\xe5]
["": 1]
[""],
[,1]
[1,,2]
["x",,]
["x"]]
["",]
["x"
[x
[3[4]]
[\xff]
[1:2]
[,]
[-]
[   , ""]
["a",\n4\n,1,
[1,]
[1,,]
["\va"\\f]
[*]
[""
[1,
[1,\n1\n,1
[{}
[fals]
[nul]
[tru]
123\x00
[++1234]
[+1]
[+Inf]
[-01]
[-1.0.]
[-2.]
[-NaN]
[.-1]
[.2e-3]
[0.1.2]
[0.3e+]
[0.3e]
[0.e1]
[0E+]
[0E]
[0e+]
[0e]
[1.0e+]
[1.0e-]
[1.0e]
[1 000.0]
[1eE2]
[2.e+3]
[2.e-3]
[2.e3]
[9.e+]
[Inf]
[NaN]
[\uff11]
[1+2]
[0x1]
[0x42]
[Infinity]
[0e+-1]
[-123.123foo]
[123\xe5]
[1e1\xe5]
[0\xe5]
[-Infinity]
[-foo]
[- 1]
[-012]
[-.123]
[-1x]
[1ea]
[1e\xe5]
[1.]
[.123]
[1.2a-3]
[1.8011670033376514H-308]
[012]
["x", truth]
{[: "x"}
{"x", null}
{"x"::"b"}
{\xf0\x9f\x87\xa8\xf0\x9f\x87\xad}
{"a":"a" 123}
{key: 'value'}
{"\xb9":"0",}
{"a" b}
{:"b"}
{"a" "b"}
{"a":
{"a"
{1:1}
{9999E9999:1}
{null:null,null:null}
{"id":0,,,,,}
{'a':0}
{"id":0,}
{"a":"b"}/**/
{"a":"b"}/**//
{"a":"b"}//
{"a":"b"}/
{"a":"b",,"c":"d"}
{a: "b"}
{"a":"a
{ "foo" : "bar", "a" }
{"a":"b"}#
 
["\\uD800\\"]
["\\uD800\\u"]
["\\uD800\\u1"]
["\\uD800\\u1x"]
[\xc3\xa9]
["\\\x00"]
["\\x00"]
["\\\\\\"]
["\\\t"]
["\\\xf0\x9f\x8c\x80"]
["\\"]
["\\u00A"]
["\\uD834\\uDd"]
["\\uD800\\uD800\\x"]
["\\u\xe5"]
["\\a"]
["\\uqqqq"]
["\\\xe5"]
[\\u0020"asd"]
[\\n]
"
['single quote']
abc
["\\
["a\x00a"]
["new\nline"]
["\t"]
"\\UA66D"
""x
[\u2060]
\xef\xbb\xbf
<.>
[<null>]
[1]x
[1]]
["asd]
a\xc3\xa5
[True]
1]
{"x": true,
[][]
]
\xef\xbb{}
\xe5
[
 
2@
{}}
{"":
{"a":/*comment*/"b"}
{"a": true} "x"
['
[,
[{
["a
["a"
{
{]
{,
{[
{"a
{'a'
["\\{["\\{["\\{["\\{
\xe9
*
{"a":"b"}#{}
[\\u000A""]
[1
["asd
[\u00e5
[true
{"asd":"asd"
\u00e5
[\u2060]
[\f]
[\v1]
[\u00a01]
\ufeff{}
\u0000
{"a":\x00}
{"a":1}\x00
[1.1.1]
[1e1e1]
[--1]
[00]
[-00]
[0_1]
[1L]
[1f]
[0b1]
[0o7]
[1,2
{"a":tru}
{"a":nulL}
{"a":undefined}
{"a":b}
{"a":1;"b":2}
{"a"=1}
{"a":1 /* c */}
(1)
{"a":"\x1f"}
{"a":"\x08"}
{"a":"\\u12"}
{"a":"\\u{61}"}
{"a":"\\0"}
{"a":"\\'"}
{"a":` + "`b`" + `}
[0\xe5]\n
{[: "x"}\n
[\x00]
[ false, nul
[ true, fals
[ false, tru
["a" "b"]
[[[]
[}
{"a":]
{"a":1]
[1}`

	mustAccept = `[[]   ]
[""]
[]
["a"]
[false]
[null, 1, "1", {}]
[null]
[1\n]
 [1]
[1,null,null,null,2]
[2] 
[123e65]
[0e+1]
[0e1]
[ 4]
[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]
[20e1]
[-0]
[-123]
[-1]
[1E22]
[1E-2]
[1E+2]
[123e45]
[123.456e78]
[1e-2]
[1e+2]
[123]
[123.456789]
{"asd":"sdf", "dfg":"fgh"}
{"asd":"sdf"}
{}
{"":0}
{"foo\\u0000bar": 42}
{ "min": -1.0e+28, "max": 1.0e+28 }
{"x":[{"id": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}], "id": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}
{"a":[]}
{"title":"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430" }
{\n"a": "b"\n}
["\\u0060\\u012a\\u12AB"]
["\\uD801\\udc37"]
["\\ud83d\\ude39\\ud83d\\udc8d"]
["\\"\\\\\\/\\b\\f\\n\\r\\t"]
["\\\\u0000"]
["\\""]
["a/*b*/c/*d//e"]
["\\\\a"]
["\\\\n"]
["\\u0012"]
["\\uFFFF"]
["asd"]
[ "asd"]
["\\uDBFF\\uDFFF"]
["new\\u00A0line"]
["\U0010ffff"]
["\uffff"]
["\\u0000"]
["\\u002c"]
["\u03c0"]
["\U0001bfff"]
["asd "]
" "
["\\uD834\\uDd1e"]
["\\u0821"]
["\\u0123"]
["\u2028"]
["\u2029"]
["\\u0061\\u30af\\u30EA\\u30b9"]
["new\\u000Aline"]
["\x7f"]
["\\uA66D"]
["\\u005C"]
["\u2342\u3230\u2342"]
["\\u0022"]
["\\uDBFF\\uDFFE"]
["\\uD83F\\uDFFE"]
["\\u200B"]
["\\u2064"]
["\\uFDD0"]
["\\uFFFE"]
["\u20ac\U0001d11e"]
["a\x7fa"]
false
42
-0.1
null
"asd"
true
""
["a"]\n
[true]
 [] 
[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]\n
{"title":"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430 \\u0417\\u0435\\u043c\\u043b\\u0435\\u043a\\u043e\\u043f\\u0430" }
["⍂㈴⍂"]`

	mayRefuse = `[123.456e-789]
[0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999969999999006]
[-1e+9999]
[1.5e+9999]
[-123123e100000]
[123123e100000]
[123e-10000000]
[-123123123123123123123123123123]
[100000000000000000000]
[-237462374673276894279832749832423479823246327846]
{"\\uDFAA":0}
["\\uDADA"]
["\\uD888\\u1234"]
["\xe6\x97\xd1\x88\xfa"]
["\xf4\xbf\xbf\xbf"]
["\\uD800\\n"]
["\\uDd1ea"]
["\\uD800\\uD800"]
["\\ud800"]
["\\ud800abc"]
["\xed\xa0\x80"]
["\xff"]
["\\uDd1e\\uD834"]
["\xe9"]
["\x81"]
["\xf8\x80\x80\x80\x80"]
["\xc0\xaf"]
["\xfc\x83\xbf\xbf\xbf\xbf"]
["\xfc\x80\x80\x80\x80\x80"]
["\xe0\xff"]
{"a":"b","a":"c"}
{"a":"b","a":"b"}
\xff\xfe[\x00"\x00\xe9\x00"\x00]\x00
["日ш\xfa"]
["\\uD800\\uD800\\n"]
["\\uDFAA"]
\x00[\x00"\x00\xe9\x00"\x00]
[\x00"\x00\xe9\x00"\x00]\x00`
)

// texts returns the texts of a part of the suite.
func texts(t *testing.T, part string) []string {
	var out []string
	for line := range strings.SplitSeq(part, "\n") {
		text, err := strconv.Unquote(`"` + strings.ReplaceAll(line, `"`, `\"`) + `"`)
		require.NoError(t, err, line)
		out = append(out, text)
	}
	return out
}

// around returns a text where it is shown, where it is hidden, and deeper.
func around(text string) []string {
	return []string{`{"a":` + text + `}`, `{"b":` + text + `}`, `[{"b":[{"a":` + text + `}]}]`, `{"meta":{"security":[{"x":` + text + `}]}}`}
}

// What is no JSON is refused, also where it would be left out.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestSuiteRefused(t *testing.T) {
	d := seeing(t, "", "Patient.a")
	bad := texts(t, mustRefuse)
	bad = append(bad, strings.Repeat("[", 100_000), strings.Repeat(`[{"":`, 50_000), strings.Repeat("[", 500)+strings.Repeat("]", 500))
	for _, text := range bad {
		for _, src := range append(around(text), text) {
			out, err := d.Project(nil, []byte(src))
			require.ErrorIs(t, err, access.ErrProjection, "%.99q", src)
			require.Nil(t, out)
			_, err = d.Merge(nil, []byte(src))
			require.Error(t, err, "%.99q", src)
			require.Error(t, second(d.ProjectNDJSON(io.Discard, strings.NewReader(strings.ReplaceAll(src, "\n", " ")+" x"))), "%.99q", src)
		}
	}
	require.GreaterOrEqual(t, len(bad), 190)
}

// What is JSON is shown as it is, and left out where it is hidden.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestSuiteAccepted(t *testing.T) {
	d := seeing(t, "", "Patient.a")
	good := append(texts(t, mustAccept), texts(t, mayRefuse)[:10]...)
	for _, text := range good {
		require.True(t, json.Valid([]byte(text)), text)
		sources := around(text)
		out, err := d.Project(nil, []byte(sources[0]))
		require.NoError(t, err, text)
		if !strings.Contains(text, "e") && !strings.Contains(text, "E") { // no number that float64 has not
			require.JSONEq(t, sources[0], string(out))
		}
		require.Equal(t, strings.Join(strings.Fields(sources[0]), ""), strings.Join(strings.Fields(string(out)), ""), "not a byte is written anew")
		out, err = d.Project(nil, []byte(sources[1]))
		require.NoError(t, err, text)
		require.Equal(t, `{}`, string(out))
		out, err = d.Project(nil, []byte(sources[2]))
		require.NoError(t, err, text)
		require.Equal(t, `[{}]`, string(out))
	}
	require.GreaterOrEqual(t, len(good), 90)
}

// Where parsers differ this one is strict: no half surrogates, UTF-8 only, no
// key twice.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestSuiteWhereParsersDiffer(t *testing.T) {
	d := seeing(t, "", "Patient.a")
	for _, text := range texts(t, mayRefuse)[10:] {
		for _, src := range around(text) {
			_, err := d.Project(nil, []byte(src))
			require.ErrorIs(t, err, access.ErrProjection, "%q", src)
		}
	}
}
