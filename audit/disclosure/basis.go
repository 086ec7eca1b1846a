package disclosure

// A rule says what 164.528 does with disclosures of one basis.
type rule struct {
	// except cites the exception of (a)(1), empty if it must be accounted for.
	except string
	// section is the provision that permits or requires the disclosure.
	section string
	// sums says that (b)(3) allows a summary: under 164.502(a)(2)(ii) or 164.512.
	sums bool
	// suspends says that (a)(2) allows a suspension: to a health oversight agency
	// or law enforcement official, as provided in 164.512(d) or (f).
	suspends bool
}

// ruleOf returns what the law says of a basis. The ninth exception,
// 164.528(a)(1)(ix), follows from the date: see Options.Compliance. A basis that
// is not known is accounted for: the doubt goes to the individual.
func ruleOf(basis string) rule {
	switch basis {
	case "treatment", "payment", "operations":
		return rule{except: "164.528(a)(1)(i)", section: "164.506"}
	case "individual":
		return rule{except: "164.528(a)(1)(ii)", section: "164.502"}
	case "incidental":
		return rule{except: "164.528(a)(1)(iii)", section: "164.502"}
	case "authorization":
		return rule{except: "164.528(a)(1)(iv)", section: "164.508"}
	case "directory": // and persons involved in the individual's care, and other notification
		return rule{except: "164.528(a)(1)(v)", section: "164.510"}
	case "national-security":
		return rule{except: "164.528(a)(1)(vi)", section: "164.512(k)(2)"}
	case "correctional": // and law enforcement officials, about persons in custody
		return rule{except: "164.528(a)(1)(vii)", section: "164.512(k)(5)"}
	case "limited-data-set":
		return rule{except: "164.528(a)(1)(viii)", section: "164.514(e)"}
	}
	return accounted(basis)
}

func accounted(basis string) rule {
	switch basis {
	case "hhs": // required by the Secretary
		return rule{section: "164.502(a)(2)(ii)", sums: true}
	case "required-by-law":
		return rule{section: "164.512(a)", sums: true}
	case "public-health":
		return rule{section: "164.512(b)", sums: true}
	case "abuse":
		return rule{section: "164.512(c)", sums: true}
	case "oversight":
		return rule{section: "164.512(d)", sums: true, suspends: true}
	case "judicial":
		return rule{section: "164.512(e)", sums: true}
	case "law-enforcement":
		return rule{section: "164.512(f)", sums: true, suspends: true}
	case "decedents":
		return rule{section: "164.512(g)", sums: true}
	case "donation":
		return rule{section: "164.512(h)", sums: true}
	case "research":
		return rule{section: "164.512(i)", sums: true}
	case "threat":
		return rule{section: "164.512(j)", sums: true}
	case "government":
		return rule{section: "164.512(k)", sums: true}
	case "workers-compensation":
		return rule{section: "164.512(l)", sums: true}
	}
	return rule{}
}
