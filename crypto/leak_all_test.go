package crypto_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"html/template"
	"io"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	texttemplate "text/template"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// exportedTypes returns the exported types of the package that have values:
// all but interfaces.
func exportedTypes(t *testing.T) []string {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != gotoken.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				s := spec.(*ast.TypeSpec)
				if _, isInterface := s.Type.(*ast.InterfaceType); s.Name.IsExported() && !isInterface {
					names = append(names, s.Name.Name)
				}
			}
		}
	}
	require.Greater(t, len(names), 20)
	slices.Sort(names)
	return names
}

// plantedRow has the planted plaintext in a field.
type plantedRow struct {
	Name string `phi:"name"`
}

// planted returns one value of each exported type, all of which have had to do
// with the planted plaintext and the planted patient.
func planted(t *testing.T) []any {
	f, ctx := newFixture(t, nil), t.Context()
	subject := crypto.SubjectOf(safeguard.NewPatient(plantedPatient))
	ref := refOf(subject)
	cell, err := crypto.Seal(ctx, f.Sealer, ref, plantedValue)
	require.NoError(t, err)
	_, err = cell.Open(ctx, f.Sealer, ref)
	require.NoError(t, err)

	rows, err := crypto.NewRows[plantedRow](f.Sealer, nil)
	require.NoError(t, err)
	row, err := rows.Seal(ctx, &plantedRow{plantedValue}, ref)
	require.NoError(t, err)
	var opened plantedRow
	rowReport, err := rows.Open(ctx, &opened, ref, crypto.UnsafeAllFields{}, row)
	require.NoError(t, err)
	require.Equal(t, plantedValue, opened.Name)

	var sealed bytes.Buffer
	writer, err := f.SealBlob(ctx, &sealed, ref)
	require.NoError(t, err)
	_, err = io.WriteString(writer, plantedValue)
	require.NoError(t, err)
	second, err := f.SealBlob(ctx, io.Discard, ref) // stays open: the plaintext is in it
	require.NoError(t, err)
	_, err = io.WriteString(second, plantedValue)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	blob, err := f.OpenBlob(ctx, bytes.NewReader(sealed.Bytes()), int64(sealed.Len()), ref)
	require.NoError(t, err)
	_, err = io.ReadFull(blob, make([]byte, 4))
	require.NoError(t, err)

	search := newSearch(t, f.Sealer, searched())
	index, tokens := search.Index("mrn"), cryptotest.NewTokens()
	tokenRow, err := index.Row(ctx, ref, []byte(plantedValue))
	require.NoError(t, err)
	ref.Column = "mrn"
	indexRow := crypto.IndexRow{Row: ref.Row, Subject: subject, Sealed: [][]byte{seal(t, f.Sealer, ref, plantedValue)}}
	report, err := index.Backfill(ctx, tenantA, indexRows{indexRow}, tokens, nil)
	require.NoError(t, err)
	require.Equal(t, uint64(1), report.Filled)
	plans, err := crypto.PlanIndexes(1000, 1000)
	require.NoError(t, err)

	posture, err := f.Posture(ctx)
	require.NoError(t, err)
	budget, err := f.Budget(ctx, tenantA)
	require.NoError(t, err)
	_, subjects, err := f.RewrapSubjects(ctx, tenantA, "", 10)
	require.NoError(t, err)
	dir, err := crypto.NewDirSubjects(t.TempDir())
	require.NoError(t, err)
	ks := f.keys[tenantA]
	return []any{
		cell, ref, subject, f.Sealer, ks, ks.Primary(), dir, crypto.Options{}, crypto.LocationSeparate,
		rows, row, rowReport, crypto.RowOptions{}, crypto.Fields{"name"}, crypto.UnsafeAllFields{}, second, blob,
		search, index, tokenRow, indexRow, report, crypto.BackfillOptions{}, plans[0], searched(), searched().Indexes[0],
		searched().Indexes[0].Parts[0], crypto.Soundex, posture, posture.Module, crypto.KeyPosture{}, crypto.KeyState(""),
		crypto.Validation(""), crypto.KeyFact{}, budget, crypto.BudgetEvent{}, subjects,
	}
}

// Each exported type of the package is in the test, so that a new one cannot
// be forgotten, and none shows a plaintext or a patient, as it is, behind a
// pointer, copied out of one, or inside another value.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.502(b)(1); NIST CSF 2.0 PR.DS-01.
func TestNoTypeLeaks(t *testing.T) {
	values, names := planted(t), map[string]bool{}
	for _, v := range values {
		typ := reflect.TypeOf(v)
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		name, _, _ := strings.Cut(typ.Name(), "[")
		names[name] = true
		requireSilent(t, name, v)
		requireSilent(t, name, struct{ V any }{v})
		requireSilent(t, name, []any{map[string]any{"v": v}})
		if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer {
			if !shownWhenCopied(name) {
				requireSilent(t, name, p.Elem().Interface())
			}
		} else {
			p := reflect.New(typ)
			p.Elem().Set(reflect.ValueOf(v))
			requireSilent(t, name, p.Interface())
		}
	}
	for _, name := range exportedTypes(t) {
		require.True(t, names[name], "%s is not in the test", name)
	}
}

// shownWhenCopied names the type whose buffers a copy of the struct shows (fmt
// follows a pointer under a verb that does not fit). It holds a lock, so that
// go vet refuses to copy it.
func shownWhenCopied(name string) bool { return name == "Blob" }

// requireSilent requires that no writer shows a planted secret of v, in text,
// in hexadecimal or as a list of numbers.
func requireSilent(t *testing.T, name string, v any) {
	t.Helper()
	text := writtenOut(v)
	for _, secret := range []string{plantedValue, plantedPatient} {
		list := strings.Trim(fmt.Sprint([]byte(secret)), "[]")
		for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("% x", secret), list, strings.ReplaceAll(list, " ", ",")} {
			require.False(t, strings.Contains(strings.ToLower(text), form), "%s shows %q", name, form)
		}
	}
}

// writtenOut returns v through every writer of the standard library that a
// program is likely to have.
func writtenOut(v any) string {
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "% x", "%d", "%08v"} {
		fmt.Fprintf(&out, verb+"\n", v)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&out, nil)).InfoContext(context.Background(), "m", slog.Group("g", "v", v))
	if b, err := json.Marshal(v); err == nil {
		out.Write(b)
	}
	if b, err := xml.Marshal(v); err == nil {
		out.Write(b)
	}
	_ = gob.NewEncoder(&out).Encode(v) // what was written before an error counts
	_ = texttemplate.Must(texttemplate.New("").Parse("{{.}} {{printf `%#v` .}}")).Execute(&out, v)
	_ = template.Must(template.New("").Parse("{{.}}<script>{{.}}</script>")).Execute(&out, v)
	out.WriteString(panicText(v))
	out.WriteString(fmt.Errorf("failed: %v", v).Error())
	return out.String()
}

// The test above can fail: the same writers do show what is not sealed, in
// each form that it looks for.
//
// Controls: none, it tests a test.
func TestNoTypeLeaksCanFail(t *testing.T) {
	text := writtenOut(struct {
		Text string
		Raw  []byte
	}{plantedValue, []byte(plantedPatient)})
	require.Contains(t, text, plantedValue)
	require.Contains(t, text, fmt.Sprintf("%x", plantedValue))
	require.Contains(t, text, strings.Trim(fmt.Sprint([]byte(plantedPatient)), "[]"))
}
