package policyyaml_test

import (
	"fmt"

	"github.com/safeguard-sdk/safeguard/access/policyyaml"
)

// A mistake is shown where it is in the YAML.
func ExampleParse() {
	policy, err := policyyaml.Parse([]byte(`
version: 1
resources: {Patient: [read]}
roles:
  scheduler:
    allow:
      - id: S-1
        resource: Patient
        actions: [read]
        purposes: [HOPERAT] # not TREAT
        fields: [Patient.id, Patient.telecom]
        because: books visits and calls back
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(policy.Roles())
	_, err = policyyaml.Parse([]byte("version: 1\nresources: {Patient: [no]}\n"))
	fmt.Println(err)
	// Output:
	// [scheduler]
	// access: policy: 2:23: a value that is not a text for every reader; put quotes around it
}
