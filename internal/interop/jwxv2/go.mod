module github.com/safeguard-sdk/safeguard/internal/interop/jwxv2

go 1.26.0

replace github.com/safeguard-sdk/safeguard => ../../..
