package access_test

import (
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// Places that hold or lead to whole documents, or tell data again in words, are
// closed under "all", whatever their case, and open when they are listed.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestLeakPaths(t *testing.T) {
	for name, c := range map[string]struct{ listed, src, shut, open string }{
		"data of a Binary":         {"Patient.data", `{"contentType":"x","data":"U0VDUkVU"}`, `{"contentType":"x"}`, `{"data":"U0VDUkVU"}`},
		"data of an attachment":    {"Patient.photo.data", `{"photo":[{"data":"S","title":"t"}]}`, `{"photo":[{"title":"t"}]}`, `{"photo":[{"data":"S"}]}`},
		"url of an attachment":     {"Patient.content.attachment.url", `{"content":[{"attachment":{"url":"S","size":1}}]}`, `{"content":[{"attachment":{"size":1}}]}`, `{"content":[{"attachment":{"url":"S"}}]}`},
		"url of a value":           {"Patient.valueAttachment.url", `{"valueAttachment":{"url":"S","data":"S","size":1}}`, `{"valueAttachment":{"size":1}}`, `{"valueAttachment":{"url":"S"}}`},
		"url of a form":            {"Patient.presentedForm.url", `{"presentedForm":[{"url":"S","size":1}]}`, `{"presentedForm":[{"size":1}]}`, `{"presentedForm":[{"url":"S"}]}`},
		"another url stays":        {"Patient.url", `{"url":"u"}`, `{"url":"u"}`, `{"url":"u"}`},
		"data of a signature":      {"Patient.signature.data", `{"signature":{"data":"S","when":1}}`, `{"signature":{"when":1}}`, `{"signature":{"data":"S"}}`},
		"data in a list":           {"Patient.a.data", `{"a":{"data":["S"],"b":1}}`, `{"a":{"b":1}}`, `{"a":{"data":["S"]}}`},
		"sampled data stay":        {"Patient.valueSampledData", `{"valueSampledData":{"data":"1 2 3"}}`, `{"valueSampledData":{"data":"1 2 3"}}`, `{"valueSampledData":{"data":"1 2 3"}}`},
		"diagnostics":              {"Patient.issue.diagnostics", `{"issue":[{"code":"c","diagnostics":"S"}]}`, `{"issue":[{"code":"c"}]}`, `{"issue":[{"diagnostics":"S"}]}`},
		"assigner of an id":        {"Patient.identifier.assigner.display", `{"identifier":[{"value":"1","assigner":{"display":"S"}}]}`, `{"identifier":[{"value":"1"}]}`, `{"identifier":[{"assigner":{"display":"S"}}]}`},
		"name of a reference":      {"Patient.subject.display", `{"subject":{"reference":"P/1","display":"S"}}`, `{"subject":{"reference":"P/1"}}`, `{"subject":{"display":"S"}}`},
		"text of a section":        {"Patient.section.text", `{"section":{"title":1,"text":{"status":"x","div":"S"}}}`, `{"section":{"title":1}}`, `{"section":{"text":{"status":"x"}}}`},
		"narrative in capitals":    {"Patient.Text", `{"id":"1","Text":{"status":"S"}}`, `{"id":"1"}`, `{"Text":{"status":"S"}}`},
		"div in capitals":          {"Patient.a.DIV", `{"a":{"DIV":"S","b":1}}`, `{"a":{"b":1}}`, `{"a":{"DIV":"S"}}`},
		"display in capitals":      {"Patient.a.Display", `{"a":{"Display":"S","b":1}}`, `{"a":{"b":1}}`, `{"a":{"Display":"S"}}`},
		"extension in capitals":    {"Patient.Extension", `{"id":"1","Extension":[1]}`, `{"id":"1"}`, `{"Extension":[1]}`},
		"contained in capitals":    {"Patient.cONTAINED", `{"id":"1","cONTAINED":[1]}`, `{"id":"1"}`, `{"cONTAINED":[1]}`},
		"an extension, a long s":   {"Patient.id", "{\"id\":\"1\",\"exten\u017fion\":[\"S\"]}", `{"id":"1"}`, `{"id":"1"}`},
		"a display, a long s":      {"Patient.id", "{\"id\":\"1\",\"di\u017fplay\":\"S\"}", `{"id":"1"}`, `{"id":"1"}`},
		"diagnostics, two of them": {"Patient.id", "{\"id\":\"1\",\"diagno\u017ftic\u017f\":\"S\"}", `{"id":"1"}`, `{"id":"1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			for fields, want := range map[string]string{"all": c.shut, c.listed: c.open} {
				out, err := seeing(t, "", fields).Project(nil, []byte(c.src))
				require.NoError(t, err)
				require.JSONEq(t, want, string(out), fields)
			}
		})
	}
	d := seeing(t, "", "all")
	for name, src := range map[string]string{
		"a resource in capitals":    `{"a":[{"ResourceType":"X","id":"S"}],"id":"1"}`,
		"a modifier in capitals":    `{"a":[{"modifierextension":[],"id":"S"}],"id":"1"}`,
		"a resource with a long s":  "{\"a\":[{\"re\u017fourceType\":\"X\"}],\"id\":\"1\"}",
		"a modifier with a long s ": "{\"a\":[{\"modifierExten\u017fion\":[]}],\"id\":\"1\"}",
	} {
		out, err := d.Project(nil, []byte(src))
		require.NoError(t, err, name)
		require.NotContains(t, string(out), "S", name)
	}
	for name, src := range map[string]string{
		"type in capitals":        `{"ResourceType":"Patient"}`,
		"type in small letters":   `{"resourcetype":"Observation","id":"S"}`,
		"two types":               `{"resourceType":"Patient","RESOURCETYPE":"Observation"}`,
		"a modifier in capitals":  `{"id":"S","ModifierExtension":[]}`,
		"a history":               `{"resourceType":"Bundle","type":"history","entry":[]}`,
		"the answer of a batch":   `{"resourceType":"Bundle","type":"batch-response","entry":[]}`,
		"a document":              `{"resourceType":"Bundle","type":"document","entry":[]}`,
		"a message":               `{"resourceType":"Bundle","type":"message","entry":[]}`,
		"an OperationOutcome":     `{"resourceType":"OperationOutcome","issue":[{"diagnostics":"S"}]}`,
		"a type that is no value": `{"resourceType":null}`,
	} {
		_, err := d.Project(nil, []byte(src))
		require.ErrorIs(t, err, access.ErrProjection, name)
	}
}

// What a search includes is decided by its own type, and an outcome among the
// entries by the rules about OperationOutcome, if the policy has any.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestIncludedResourcesAreOfTheirOwnType(t *testing.T) {
	d := guard(t, `{"version":1,"resources":{"Observation":["search"],"Patient":["read","search"],"Practitioner":["search"],"OperationOutcome":["search"]},
	  "roles":{"r":{"allow":[
	    {"id":"O","resource":"Observation","actions":["search"],"purposes":["TREAT"],"fields":["Observation.code","Observation.subject"],"because":"b"},
	    {"id":"P","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.name"],"because":"reads, and does not search"},
	    {"id":"D","resource":"Practitioner","actions":["search"],"purposes":["TREAT"],"fields":["Practitioner.id"],"because":"b"},
	    {"id":"X","resource":"OperationOutcome","actions":["search"],"purposes":["TREAT"],"fields":"all","justification":"j","because":"b"}]}}}`,
		access.Assignments{"a": {"r"}}).Decide(as("a"), access.Request{Resource: "Observation", Action: "search", Purpose: safeguard.Treatment})
	src := `{"resourceType":"Bundle","type":"searchset","total":4,"entry":[
	  {"fullUrl":"S","search":{"mode":"match","score":1},"request":{"url":"S"},"response":{"outcome":{"resourceType":"OperationOutcome","issue":[{"diagnostics":"S"}]}},
	   "resource":{"resourceType":"Observation","code":1,"subject":{"reference":"Patient/1","display":"S"},"value":"S"}},
	  {"resource":{"resourceType":"Patient","name":"S"}},
	  {"resource":{"resourceType":"Practitioner","id":"d","name":"S"},"search":{"mode":"include"}},
	  {"resource":{"resourceType":"OperationOutcome","issue":[{"code":"c","diagnostics":"S"}]}}]}`
	out, err := d.Project(nil, []byte(src))
	require.NoError(t, err)
	require.JSONEq(t, `{"resourceType":"Bundle","type":"searchset","entry":[
	  {"resource":{"resourceType":"Observation","code":1,"subject":{"reference":"Patient/1"}}},
	  {"resource":{"resourceType":"Practitioner","id":"d"}},
	  {"resource":{"resourceType":"OperationOutcome","issue":[{"code":"c"}]}}]}`, unmarkedJSON(t, out))
	require.NotContains(t, string(out), `"S"`)
	require.False(t, strings.Contains(string(out), "total"))
}
