package scim_test

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/scim"
)

// Nobody without the token is told or does anything, on any path.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestOnlyTheClientIsServed(t *testing.T) {
	paths := []string{"/Users?filter=userName+eq+%22ada%22", "/Users/ada", "/ServiceProviderConfig", "/Schemas", "/ResourceTypes", "/Groups", "/x"}
	for name, values := range map[string][]string{
		"none": {}, "empty": {""}, "empty token": {"Bearer "}, "another": {"Bearer " + strings.Repeat("0", 32)}, "another scheme": {"Basic " + token},
		"prefix": {"Bearer " + token[:31]}, "longer": {"Bearer " + token + "0"}, "space": {"Bearer  " + token}, "two": {"Bearer " + token, "Bearer x"},
		"digest": {"Bearer " + hex(token)},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDirectory("ada")
			h := newHandler(t, d, nil)
			for _, path := range paths {
				for _, method := range []string{"GET", "DELETE", "PATCH"} {
					r := request(method, path, op(`{"op":"replace","value":{"active":false}}`))
					r.Header["Authorization"] = values
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					require.Equal(t, 401, w.Code)
					require.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"))
				}
			}
			require.Empty(t, d.ended)
		})
	}
	status, _ := send(&scim.Handler{}, request("DELETE", "/Users/ada", ""))
	require.Equal(t, 401, status)
}

func hex(token string) string {
	sum := sha256.Sum256([]byte(token))
	return string(sum[:])
}

// Settings that make no sense are refused.
//
// Controls: HIPAA 164.312(d), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestOptions(t *testing.T) {
	digest := sha256.Sum256([]byte(token))
	for name, clients := range map[string][]scim.Client{
		"none": {}, "nobody": {{TokenSHA256: digest}}, "no token": {{Principal: provider}},
		"empty token": {{Principal: provider, TokenSHA256: sha256.Sum256(nil)}},
		"twice":       {{Principal: provider, TokenSHA256: digest}, {Principal: provider, TokenSHA256: digest}},
		"guest":       {{Principal: safeguard.Principal{ID: "guest", Kind: safeguard.Service}, TokenSHA256: digest}},
	} {
		_, err := scim.Bearer(clients...)
		require.ErrorIs(t, err, scim.ErrOptions, name)
	}
	auth, err := scim.Bearer(scim.Client{Principal: provider, TokenSHA256: digest})
	require.NoError(t, err)
	_, err = scim.New(nil, auth, nil)
	require.ErrorIs(t, err, scim.ErrOptions)
	_, err = scim.New(newDirectory(), nil, nil)
	require.ErrorIs(t, err, scim.ErrOptions)
	for _, o := range []scim.Options{
		{Timeout: -1}, {Timeout: 6 * time.Minute}, {BaseURL: "http://ehr.example"}, {BaseURL: "ehr"}, {BaseURL: "https://u@ehr.example"},
		{BaseURL: "https://ehr.example/?x"}, {BaseURL: "https:///x"}, {BaseURL: "https://ehr.example/#x"},
	} {
		_, err := scim.New(newDirectory(), auth, &o)
		require.ErrorIs(t, err, scim.ErrOptions)
	}
}

// A provider finds an account by each of its names, and nothing by any other
// question.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(a)(1); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func TestSearch(t *testing.T) {
	d := newDirectory("ada", "bo")
	d.accounts["ada"].ExternalID = "X-1"
	h := newHandler(t, d, nil)
	for question, want := range map[string]int{
		`filter=userName eq "ada@clinic.example"`: 1, `filter=USERNAME EQ "ADA@clinic.example"`: 1, `filter=externalId eq "X-1"`: 1,
		`filter=id eq "ada"`: 1, `filter=userName eq "eve"`: 0, `filter=externalId eq "x-1"`: 0, `filter=id eq "ADA"`: 0,
		`filter=urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada@clinic.example"`: 1,
		`filter=userName eq "\u0061da@clinic.example"`:                                       1,
		`filter=userName eq "ada@clinic.example"&startIndex=1&count=100`:                     1,
	} {
		status, body := send(h, request("GET", "/Users?"+strings.ReplaceAll(strings.ReplaceAll(question, " ", "%20"), `"`, "%22"), ""))
		require.Equal(t, 200, status, question)
		var answer struct {
			Total     int               `json:"totalResults"`
			Resources []json.RawMessage `json:"Resources"`
		}
		require.NoError(t, json.Unmarshal([]byte(body), &answer))
		require.Equal(t, want, answer.Total, question)
		require.Len(t, answer.Resources, want, question)
	}
	for _, question := range []string{
		"", "startIndex=1&count=2", `filter=`, `filter=userName`, `filter=userName eq`, `filter=userName eq ada`, `filter=userName ne "ada"`, `filter=userName eq ""`,
		`filter=userName sw "a"`, `filter=userName eq "a" or userName eq "b"`, `filter=active eq "true"`, `filter=password eq "x"`, `filter=userName eq "a"&filter=id eq "b"`,
		`filter=userName eq "a"&count=x`, `filter=userName eq "a"&startIndex=x`, `filter=userName eq "` + strings.Repeat("a", 300) + `"`, `filter=(userName eq "a")`,
		`filter=userName eq "` + strings.Repeat("a", 3000) + `"`, `filter=userName eq null`,
	} {
		status, body := send(h, request("GET", "/Users?"+strings.ReplaceAll(strings.ReplaceAll(question, " ", "%20"), `"`, "%22"), ""))
		require.Equal(t, 400, status, question)
		require.NotContains(t, body, "ada")
	}
	status, body := send(h, request("GET", `/Users?filter=id%20eq%20%22ada%22&count=0`, ""))
	require.Equal(t, 200, status)
	require.Contains(t, body, `"totalResults":1`)
	require.NotContains(t, body, "ada")
}

// What is not about an account changes none: the other attributes that
// providers send are passed over.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestOtherAttributesArePassedOver(t *testing.T) {
	d := newDirectory("ada")
	h := newHandler(t, d, nil)
	for _, operations := range []string{
		`{"op":"replace","path":"name.familyName","value":"L"}`, `{"op":"add","path":"emails[type eq \"work\"].value","value":"a@b.example"}`,
		`{"op":"replace","value":{"active":true,"displayName":"A","userName":"ADA@clinic.example"}}`, `{"op":"remove","path":"title"}`,
		`{"op":"replace","path":"externalId","value":"x"}`, `{"op":"replace","path":"userName","value":null}`, `{"op":"replace","path":"roleset","value":"x"}`,
	} {
		status, body := send(h, request("PATCH", "/Users/ada", op(operations)))
		require.Equal(t, 200, status, body)
		require.Contains(t, body, `"active":true`)
	}
	require.Empty(t, d.ended)
}

// The endpoint says what it offers, and no more.
//
// Controls: none, the documents of RFC 7643.
func TestDiscovery(t *testing.T) {
	h := newHandler(t, newDirectory("ada"), &scim.Options{BaseURL: "https://ehr.example/scim/v2"})
	for path, want := range map[string]string{
		"/ServiceProviderConfig": `"patch":{"supported":true}`, "/ResourceTypes": `"totalResults":1`, "/ResourceTypes/User": `"endpoint":"/Users"`,
		"/Schemas": `"totalResults":1`, "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User": `"name":"active"`,
	} {
		status, body := send(h, request("GET", path, ""))
		require.Equal(t, 200, status, path)
		require.Contains(t, body, want)
		require.True(t, json.Valid([]byte(body)))
		status, _ = send(h, request("DELETE", path, ""))
		require.Equal(t, 405, status)
		status, _ = send(h, request("GET", path+"?filter=x", ""))
		require.Equal(t, 403, status)
	}
}

// The endpoint works below a prefix, and identifiers with a slash reach the
// account that they name.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func TestIdentifiersSurviveTheAddress(t *testing.T) {
	id := "a/b?c d%2F"
	d := newDirectory(id, "a")
	h := http.StripPrefix("/scim/v2", newHandler(t, d, &scim.Options{BaseURL: "https://ehr.example/scim/v2"}))
	status, body := send(h, request("GET", "/scim/v2/Users/"+url.PathEscape(id), ""))
	require.Equal(t, 200, status)
	require.Contains(t, body, "https://ehr.example/scim/v2/Users/"+url.PathEscape(id))
	status, _ = send(h, request("DELETE", "/scim/v2/Users/"+url.PathEscape(id), ""))
	require.Equal(t, 204, status)
	require.Equal(t, []string{id}, d.ended)
	status, _ = send(h, request("DELETE", "/scim/v2/Users/", ""))
	require.Equal(t, 404, status)
	status, _ = send(h, request("DELETE", "/scim/v2/Users/"+strings.Repeat("a", 300), ""))
	require.Equal(t, 404, status)
}
