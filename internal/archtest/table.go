package archtest

// Table is the direction of every import in this repository.
//
// The root package is the vocabulary and imports nothing of ours. audit imports
// the root; session, access, crypto and deid import the root and audit, never
// each other; crosswalk imports the root. What lies below a package may import
// it. Only programs, and packages whose whole purpose is to join siblings, have
// more, each in a row of its own.
//
// The core packages have no Foreign list: they are the standard library and
// ours.
//
// Controls: none, it describes this repository's source.
func Table() []Row {
	// What comes with a contract for the tests of whoever is on its other side.
	suites := []string{"audit/audittest"}
	return []Row{
		{Packages: []string{"."},
			Why: "the root package is the vocabulary: standard library only"},

		{Packages: []string{"audit"}, Own: []string{"."},
			TestForeign: []string{"github.com/cloudevents/sdk-go/v2/..."},
			Why:         "the audit core imports the root package only; CloudEvents' own SDK checks its records in tests"},
		{Packages: []string{"audit/audittest"}, Own: []string{".", "audit"},
			Why: "a conformance suite knows the contract only"},
		{Packages: []string{"audit/ledger"}, Own: []string{".", "audit"},
			Foreign:     []string{"golang.org/x/mod/sumdb/..."},
			TestOwn:     suites,
			TestForeign: []string{"github.com/cloudevents/sdk-go/v2/..."},
			Why:         "the ledger adds signed notes and transparency-log trees to audit"},

		{Packages: []string{"session"}, Own: []string{".", "audit"}, TestOwn: suites,
			Why: "session, access, crypto and deid meet in the context, never in each other"},
		{Packages: []string{"session/memstore", "session/sessiontest"}, Own: []string{".", "session"},
			TestOwn: []string{"session/..."},
			Why:     "stores and their conformance suite know the contract only"},

		{Packages: []string{"access"}, Own: []string{".", "audit", "internal/phitag"}, TestOwn: suites,
			Why: "session, access, crypto and deid meet in the context, never in each other"},

		{Packages: []string{"crypto"}, Own: []string{".", "audit", "crypto/internal/record", "internal/phitag"},
			TestOwn: append(suites, "crypto/cryptotest"),
			Why:     "crypto owns its key interfaces; Tink comes with crypto/keyset alone"},
		{Packages: []string{"crypto/internal/record"},
			Why: "the record of a subject's keys is shared by who seals and who destroys"},
		{Packages: []string{"crypto/cryptotest"}, Own: []string{".", "crypto"},
			Why: "a conformance suite knows the contract only"},
		{Packages: []string{"crypto/kmstest"}, Own: []string{"crypto"}, TestOwn: []string{"crypto/keyset"},
			Why: "a conformance suite knows the contract only"},
		{Packages: []string{"crypto/keyset"}, Own: []string{".", "crypto"},
			Foreign: []string{"github.com/tink-crypto/tink-go/v2/..."},
			TestOwn: []string{"crypto/cryptotest", "crypto/kmstest"},
			Why:     "keysets are Tink's"},
		{Packages: []string{"crypto/keyset/keysettest"}, Own: []string{".", "crypto", "crypto/keyset"},
			Why: "a conformance suite knows the contract only"},
		{Packages: []string{"crypto/custody"}, Own: []string{".", "crypto", "crypto/keyset"},
			TestOwn: []string{"crypto/..."},
			Why:     "a backup of keys knows keysets and the store of subjects' keys"},
		{Packages: []string{"crypto/rekey"}, Own: []string{".", "crypto"}, TestOwn: []string{"crypto/..."},
			Why: "the engine of rotation knows sealed values, not where they lie"},
		{Packages: []string{"crypto/shred"}, Own: []string{".", "audit", "crypto", "crypto/internal/record"},
			TestOwn: append(suites, "crypto/..."),
			Why:     "shredding destroys keys through the store's own contract"},
		{Packages: []string{"crypto/shred/shredtest"}, Own: []string{".", "crypto/shred"},
			Why: "a conformance suite knows the contract only"},
		{Packages: []string{"crypto/kekexec"}, Own: []string{"crypto"}, TestOwn: []string{"crypto/..."},
			Why: "a key-encryption key in another program, which may link what this one must not"},
		{Packages: []string{"crypto/tlsconf"}, Own: []string{"."},
			Why: "configurations of crypto/tls stand alone"},
		{Packages: []string{"crypto/awskms/..."}, Own: []string{"crypto", "crypto/awskms", "crypto/kekexec"}, TestOwn: []string{"crypto/..."},
			Foreign: []string{"github.com/tink-crypto/tink-go-awskms/...", "github.com/aws/..."},
			Why:     "a driver, in a module of its own"},
		{Packages: []string{"crypto/gcpkms/..."}, Own: []string{"crypto", "crypto/gcpkms", "crypto/kekexec"}, TestOwn: []string{"crypto/..."},
			Foreign: []string{"github.com/tink-crypto/tink-go-gcpkms/...", "google.golang.org/...", "cloud.google.com/..."},
			Why:     "a driver, in a module of its own"},
		{Packages: []string{"crypto/vaultkms/..."}, Own: []string{"crypto", "crypto/vaultkms", "crypto/kekexec"}, TestOwn: []string{"crypto/..."},
			Why: "a driver over net/http"},
		{Packages: []string{"crypto/tinkv1"}, Own: []string{".", "crypto"}, TestOwn: []string{"crypto/cryptotest"},
			Foreign: []string{"github.com/google/tink/go/...", "google.golang.org/protobuf/..."},
			Why:     "keysets of the Tink that must not be linked beside Tink v2, in a module of its own"},
		{Packages: []string{"crypto/sealsql/..."}, Own: []string{".", "audit", "crypto", "crypto/keyset", "crypto/rekey", "crypto/sealsql"},
			TestOwn:     []string{"crypto/..."},
			TestForeign: []string{"github.com/jackc/pgx/v5/...", "modernc.org/sqlite"},
			Why:         "stores and rows over database/sql, in a module of its own; drivers are the program's"},

		{Packages: []string{"deid"}, Own: []string{".", "audit", "internal/phitag"}, TestOwn: suites,
			Why: "session, access, crypto and deid meet in the context, never in each other"},
		{Packages: []string{"internal/phitag"}, Own: []string{"."},
			Why: "the phi struct tag is shared by packages that must not know each other"},

		{Packages: []string{"crosswalk"}, Own: []string{"."},
			Why: "crosswalk is data; no run-time package imports it"},
		{Packages: []string{"crosswalk/coverage"}, Own: []string{".", "crosswalk"},
			Why: "coverage reads source with go/ast and reports in the words of crosswalk"},
		{Packages: []string{"crosswalk/internal/strictjson"}, Own: []string{".", "crosswalk"},
			Why: "files of crosswalk's children are read strictly, citations included"},
		{Packages: []string{"crosswalk/internal/markdown"},
			Why: "documents of crosswalk's children are escaped in one place"},
		{Packages: []string{"crosswalk/risk"}, Own: []string{".", "crosswalk", "crosswalk/internal/..."},
			Why: "the register speaks in provisions and stands alone"},
		{Packages: []string{"crosswalk/gap"}, Own: []string{".", "crosswalk", "crosswalk/internal/...", "crosswalk/risk"},
			Why: "gaps are ranked by risk"},

		{Packages: []string{"crosswalk/breach"}, Own: []string{".", "crosswalk", "crosswalk/internal/..."},
			Why: "a breach file is plain data and the rule's arithmetic"},
		{Packages: []string{"crosswalk/oscal"}, Own: []string{".", "crosswalk"},
			Why: "OSCAL documents are made of plain structs that a program fills"},
		{Packages: []string{"crosswalk/evidence"}, Own: []string{".", "crosswalk", "crosswalk/internal/..."},
			TestOwn: []string{"audit", "audit/ledger", "session", "session/memstore"},
			Why:     "a pack is filled from records and observations through interfaces of its own; tests fill it from real ones"},

		{Packages: []string{"internal/cmd/..."}, Own: []string{".", "crosswalk/..."},
			Why: "maintainers' generators"},
		{Packages: []string{"internal/archtest", "internal/weight"},
			Why: "checks of the repository stand outside it"},
		{Packages: []string{"internal/interop/...", "internal/bench/...", "internal/htmltest/..."},
			Own: []string{".", "audit/...", "session/...", "access/...", "crypto/...", "deid/...", "crosswalk/...", "internal/interop/..."},
			Why: "modules of their own, in which we meet third parties and peers"},
		{Packages: []string{"internal/installtest"},
			TestOwn:     []string{"internal/archtest"},
			TestForeign: []string{"golang.org/x/mod/..."},
			Why:         "it builds module zips as a proxy serves them"},
		{Packages: []string{"internal/weight/probes/..."},
			Own: []string{".", "audit/...", "session/...", "access/...", "crypto/...", "deid/...", "crosswalk/..."},
			Why: "a probe is a program that imports what it weighs"},

		{Packages: []string{"cmd/safeguard/..."},
			Own:         []string{".", "audit/...", "crosswalk/...", "crypto/...", "cmd/safeguard/...", "internal/phitag"},
			Foreign:     []string{"github.com/alecthomas/kong", "github.com/jackc/pgx/v5/...", "golang.org/x/tools/..."},
			TestForeign: []string{"github.com/rogpeppe/go-internal/..."},
			Why:         "the command is a shell over crosswalk and crypto, in a module of its own; type information comes from x/tools"},

		{Packages: []string{"examples/..."},
			Own:         []string{".", "audit/...", "session/...", "access/...", "crypto/...", "deid/...", "crosswalk/...", "examples/..."},
			TestForeign: []string{"github.com/cloudevents/sdk-go/v2/..."},
			Why:         "programs join siblings; no module beyond the root's own"},
	}
}
