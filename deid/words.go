package deid

import (
	"strings"
	"sync"
)

// codeWords are the codes of the value sets that FHIR R4 binds, as required,
// to the elements that the maps keep as codes. Nothing else passes there, so
// that a name cannot hide in a status.
const codeWords = `active inactive suspended draft on-hold revoked completed entered-in-error unknown
cancelled stopped ended intended not-done in-progress preparation not-taken rejected failed
registered preliminary final amended corrected appended partial planned arrived triaged onleave finished
proposed waitlist proposal plan directive order original-order reflex-order filler-order instance-order option
routine urgent asap stat current superseded available not-started scheduled
male female other usual official temp nickname anonymous old maiden home work mobile billing
postal physical both instance kind allergy intolerance food medication environment biologic
low high unable-to-assess mild moderate severe phone fax email pager url sms
transaction batch collection document message history searchset transaction-response batch-response
match include outcome GET POST PUT DELETE PATCH HEAD < <= >= > ad
confirmed unconfirmed provisional differential refuted recurrence relapse remission resolved
generated extensions additional empty s min h d wk mo a
replaces transforms signs appends relatedto derivation revision quotation source removal
primary secondary claim preauthorization predetermination create update delete patient text`

// unitWords are the words of units, in UCUM and as people write them.
const unitWords = `a abs active actuat ampule application applicator arb area beat beats bits blood body bpm c
cal capsule capsules cel cells cell cm cmh2o cnt cntrst copies copy count creat creatinine cup d dag
day days deg degrees dl dose doses drop drops each eq f factor fl foot ft g gm gram
grams h hb hg high h2o hgb hpf hour hours hr hrs hz ibu igg igm in inch inches index inh ir iu
iu/l j k k/ul kat katal kcal kg kj kpa ku l lb lbs liter liters log log10 low lpf m m2 m^2 mcg
meq mg milliliter milliliters min minute minutes mil miu ml mm mmhg mmol mo mol month months mosm mpa ms mu
ng nl nm nmol number of osm oz pa pack packs pcs percent per pg ph pitch plasma pm pmol points protein
puff puffs ratio rbc rate s sec second seconds score scores scoring serum spray standard stdunit tablet tablets
tbl tbs teaspoon tsp titer total tot u ug uiu ul um umol unit units unity unt urine usd v va vol w wbc
wk week weeks wt y year years yr yrs million thousand breaths respirations times week events event
x10*3 x10*6 x10e3 x10e6 10 3 6 9 12 24 100 1000 73 1 0 2`

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}

// codeSet and unitSet are built once and never written to afterwards.
var (
	codeSet = sync.OnceValue(func() map[string]bool { return wordSet(codeWords) })
	unitSet = sync.OnceValue(func() map[string]bool { return wordSet(unitWords) })
)

// maxUnitDigits bounds the digits of a unit: 10*3, 1.73_m2 and 100 fit, a
// number of a person does not.
const maxUnitDigits = 5

// isUnit reports whether s is made of unit words and signs only. A word may
// have an exponent of up to two digits.
func isUnit(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	if s == "%" || s == "1" {
		return true
	}
	digits := 0
	for _, c := range []byte(s) {
		if isDigit(c) {
			digits++
		}
	}
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return strings.ContainsRune(" /.*^()[]{}%_#'\"-+,:µ°", r)
	})
	for _, w := range words {
		w = strings.TrimLeft(w, "x")
		base := strings.TrimRight(w, "0123456789")
		if w != "" && !unitSet()[w] && (!unitSet()[base] || len(w)-len(base) > 2) {
			return false
		}
	}
	return digits <= maxUnitDigits
}
