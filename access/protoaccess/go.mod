module github.com/safeguard-sdk/safeguard/access/protoaccess

go 1.26.0

require (
	github.com/safeguard-sdk/safeguard v0.0.0
	github.com/stretchr/testify v1.12.1
	google.golang.org/protobuf v1.36.11
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect

replace github.com/safeguard-sdk/safeguard => ../..
