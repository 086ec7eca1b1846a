package smart_test

import (
	"testing"

	"github.com/safeguard-sdk/safeguard/access/smart"
	"github.com/stretchr/testify/require"
)

// Scope parameters in the spelling of servers, applications and test kits are
// read as they are meant, version 1 and 2 beside each other too.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestScopesInUse(t *testing.T) {
	const category = "http://terminology.hl7.org/CodeSystem/condition-category"
	for _, c := range []struct{ name, scope, means string }{
		{"the certification test kit, version 1", "launch/patient openid fhirUser offline_access patient/Medication.read patient/Observation.read",
			"patient/Medication.rs patient/Observation.rs fhirUser launch/patient offline_access openid"},
		{"the certification test kit, version 2", "launch openid fhirUser patient/Patient.rs patient/Condition.rs?category=" + category + "|encounter-diagnosis",
			"patient/Condition.rs?category=" + category + "|encounter-diagnosis patient/Patient.rs fhirUser launch openid"},
		{"bulk data", "system/*.read system/Group.r", "system/*.rs system/Group.r"},
		{"a portal, with scopes of its vendor", "patient/AllergyIntolerance.read patient/DocumentReference.read epic.scanning.dmscanning.user.login openid",
			"patient/AllergyIntolerance.rs patient/DocumentReference.rs epic.scanning.dmscanning.user.login openid"},
		{"read and write of version 1 beside version 2", "user/Observation.read user/Observation.write user/Observation.u patient/Observation.r online_access profile",
			"patient/Observation.r user/Observation.cruds online_access profile"},
		{"everything of version 1", "user/*.* patient/*.*", "patient/*.cruds user/*.cruds"},
		{"URLs of others", "https://www.googleapis.com/auth/cloud-healthcare api://client/user/Patient.read", "api://client/user/Patient.read https://www.googleapis.com/auth/cloud-healthcare"},
		{"a colon for the slash", "patient:Observation.read user$Patient.read", "patient:Observation.read user$Patient.read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := smart.Parse(c.scope)
			require.NoError(t, err)
			require.Equal(t, c.means, s.String())
			again, err := smart.Parse(s.String())
			require.NoError(t, err)
			require.Equal(t, s, again)
		})
	}
	for name, scope := range map[string]string{
		"capitals": "patient/Observation.Read", "a capital level has another meaning": "patient/observation.read", "one letter in capitals": "patient/Observation.R",
		"version 1 with parameters": "patient/Observation.read?category=laboratory", "both versions in one": "patient/Observation.read.rs", "two types": "patient/Patient,Observation.read",
		"a star for letters of version 2": "patient/Observation.*?status=final", "an operation": "patient/Patient.$everything", "an id": "patient/Patient/1.read", "a repeated letter": "user/*.rr",
		"a tab between": "user/*.r\tuser/*.s", "a line between": "user/*.r\nuser/*.s", "a comma between": "user/*.r,user/*.s", "another alphabet": "user/\u041ebservation.rs",
	} {
		_, err := smart.Parse(scope)
		require.ErrorIs(t, err, smart.ErrScope, name)
	}
}
