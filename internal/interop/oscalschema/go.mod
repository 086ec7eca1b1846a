module github.com/safeguard-sdk/safeguard/internal/interop/oscalschema

go 1.26.0

require (
	github.com/safeguard-sdk/safeguard v0.0.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	github.com/stretchr/testify v1.12.1
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/text v0.14.0 // indirect
)

replace github.com/safeguard-sdk/safeguard => ../../..
