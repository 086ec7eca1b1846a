// Package oscalschema holds the test that what package crosswalk/oscal writes
// is valid by NIST's JSON schema of OSCAL 1.2.2. It is a module of its own,
// outside the workspace, because the validator is a third party's.
//
//	cd internal/interop/oscalschema && GOWORK=off go test ./...
//
// The schema is an asset of NIST's release and not part of this repository.
// The test looks for oscal_complete_schema-1-2-2.json in the directory that
// OSCAL_SCHEMAS names, else below a directory beside the checkout, and skips
// if there is none.
//
// Controls: none, it holds tests only.
package oscalschema
