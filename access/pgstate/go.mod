module github.com/safeguard-sdk/safeguard/access/pgstate

go 1.26.0

replace github.com/safeguard-sdk/safeguard => ../..
