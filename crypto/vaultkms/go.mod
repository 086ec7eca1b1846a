module github.com/safeguard-sdk/safeguard/crypto/vaultkms

go 1.26.0

require (
	github.com/safeguard-sdk/safeguard v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/tink-crypto/tink-go/v2 v2.9.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/crypto v0.55.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
	google.golang.org/protobuf v1.36.11 // indirect
)

replace github.com/safeguard-sdk/safeguard => ../..
