package session_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
)

// A service with its own access log signs somebody in, serves a page and
// signs out again.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func Example() {
	store, err := memstore.New(nil)
	if err != nil {
		panic(err)
	}
	sessions, err := session.New(store, &session.Options{UnsafeWithoutEntry: true})
	if err != nil {
		panic(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("POST /signin", func(w http.ResponseWriter, r *http.Request) {
		// Verify the credentials here.
		token, _, err := sessions.Start(r.Context(), session.SignIn{User: "u-17", Kind: safeguard.Person, Method: "password+totp"})
		if err != nil {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		sessions.SetCookie(w, token)
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /signout", func(w http.ResponseWriter, r *http.Request) {
		if err := sessions.SignOut(w, r); err != nil {
			http.Error(w, "still signed in, try again", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "goodbye")
	})
	mux.Handle("/", sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := safeguard.PrincipalFrom(r.Context())
		fmt.Fprintln(w, "hello", p.ID)
	})))

	var jar []*http.Cookie
	do := func(method, path string) {
		r := httptest.NewRequest(method, "https://clinic.example"+path, nil)
		for _, c := range jar {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if c := w.Result().Cookies(); len(c) > 0 && c[0].MaxAge == 0 {
			jar = c
		}
		fmt.Println(method, path, w.Code)
	}
	do("GET", "/")
	do("POST", "/signin")
	do("GET", "/")
	do("POST", "/signout")
	do("GET", "/") // with the old cookie
	// Output:
	// GET / 401
	// POST /signin 303
	// GET / 200
	// POST /signout 200
	// GET / 401
}

// An account is closed: everything that its user has open ends at once.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func ExampleManager_EndUser() {
	ctx := context.Background()
	store, err := memstore.New(nil)
	if err != nil {
		panic(err)
	}
	sessions, err := session.New(store, nil)
	if err != nil {
		panic(err)
	}
	who := session.SignIn{User: "u-17", Kind: safeguard.Person, Tenant: "north", Method: "oidc"}
	phone, _, _ := sessions.Start(ctx, who)
	desk, _, _ := sessions.Start(ctx, who)

	n, err := sessions.EndUser(ctx, "north", "u-17", session.Terminated)
	fmt.Println(n, err)
	for _, token := range []session.Token{phone, desk} {
		_, err := sessions.Check(ctx, token, session.Active)
		fmt.Println(token, err)
	}
	// Output:
	// 2 <nil>
	// [session token] session: refused: session.ended
	// [session token] session: refused: session.ended
}
