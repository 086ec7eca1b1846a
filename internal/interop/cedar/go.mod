module github.com/safeguard-sdk/safeguard/internal/interop/cedar

go 1.26.0

replace github.com/safeguard-sdk/safeguard => ../../..
