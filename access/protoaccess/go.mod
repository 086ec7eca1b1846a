module github.com/safeguard-sdk/safeguard/access/protoaccess

go 1.26.0

replace github.com/safeguard-sdk/safeguard => ../..
