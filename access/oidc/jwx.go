package oidc

import (
	_ "github.com/lestrrat-go/jwx/v3/jwa"
	_ "github.com/lestrrat-go/jwx/v3/jwk"
	_ "github.com/lestrrat-go/jwx/v3/jws"
	_ "github.com/lestrrat-go/jwx/v3/jwt"
)
