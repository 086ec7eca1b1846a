package coverage

import "github.com/safeguard-sdk/safeguard"

// A Duty says whose work a provision is. Code can serve few of them, and none
// alone.
//
// Controls: HIPAA 164.308(a)(8).
type Duty struct {
	// Code is true where a library can serve a part of the provision.
	Code bool
	// Service is what the program that uses the library has to do; empty if
	// Code is false.
	Service string
	// Organisation is what nobody can do in code.
	Organisation string
}

const onlyOrganisation = "Policy, procedure, contract, people or premises: the organisation does and documents it."

// DutyOf returns whose work a provision is. What no table entry names is the
// organisation's alone, which is also the answer for an unknown id.
//
// Controls: HIPAA 164.308(a)(8).
func DutyOf(id safeguard.Control) Duty {
	service, organisation := shared(id)
	if service == "" {
		return Duty{Organisation: onlyOrganisation}
	}
	return Duty{Code: true, Service: service, Organisation: organisation}
}

// shared names the provisions that code can serve in part: what is left to
// the service, and what to the organisation.
func shared(id safeguard.Control) (service, organisation string) {
	if service, organisation = sharedAdministrative(id); service != "" {
		return service, organisation
	}
	if service, organisation = sharedTechnical(id); service != "" {
		return service, organisation
	}
	return sharedOther(id)
}

func sharedAdministrative(id safeguard.Control) (service, organisation string) {
	switch id {
	case safeguard.InformationSystemActivityReview:
		return "Records activity on every route that shows ePHI and makes the records available.",
			"Reviews the records regularly, acts on them and documents both."
	case safeguard.TerminationProcedures:
		return "Ends sessions and rights when it is told that somebody has left.",
			"Has the procedure, and tells the service in time."
	case safeguard.AccessAuthorization:
		return "Writes the policy of roles and purposes, and asks it on every access.",
			"Decides who is granted which role, and documents it."
	case safeguard.AccessEstablishmentAndModification:
		return "Applies changes of the policy and keeps its versions.",
			"Reviews each user's right of access and has it changed."
	case safeguard.LoginMonitoring:
		return "Records sign-ins and refusals, and brings discrepancies to somebody's attention.",
			"Has procedures for monitoring log-in attempts and reporting discrepancies."
	case safeguard.DocumentationTimeLimit:
		return "Keeps the records that serve as documentation, and copies of them, for the time set.",
			"Retains required documentation six years from its creation or from when it last was in effect, whichever is later."
	}
	return "", ""
}

func sharedTechnical(id safeguard.Control) (service, organisation string) {
	switch id {
	case safeguard.AccessControl:
		return "Wraps every route, job and export that reads ePHI.",
			"Has the technical policies and procedures, and knows all systems that hold ePHI."
	case safeguard.UniqueUserIdentification:
		return "Gives every person and program an identity of its own.",
			"Assigns names or numbers and allows no shared account."
	case safeguard.EmergencyAccessProcedure:
		return "Configures who may use emergency access and for how long.",
			"Has the procedure, trains for it and reviews its use."
	case safeguard.AutomaticLogoff:
		return "Sets the time of inactivity, and covers every way to sign in.",
			"Decides the time by its risk analysis; covers workstations and other systems."
	case safeguard.EncryptionAndDecryption:
		return "Seals each field that holds ePHI, and keeps keys apart from the data.",
			"Decides by its risk analysis what is encrypted at rest; covers disks, backups and exports."
	case safeguard.AuditControls:
		return "Wraps every route that shows ePHI, and keeps the log out of reach of those whom it records.",
			"Decides by its risk analysis what is recorded, in all systems that hold or use ePHI, and examines it."
	case safeguard.Integrity:
		return "Verifies what it reads, and restores what was altered.",
			"Has policies against improper alteration and destruction."
	case safeguard.MechanismToAuthenticateEPHI:
		return "Runs the verification and raises its failures.",
			"Decides which ePHI needs such a mechanism, and acts on a failure."
	case safeguard.PersonOrEntityAuthentication:
		return "Authenticates persons and programs before anything else.",
			"Chooses the methods by its risk analysis, and proves identities before issuing credentials."
	case safeguard.TransmissionSecurity, safeguard.IntegrityControls, safeguard.TransmissionEncryption:
		return "Serves and calls over protected connections only.",
			"Knows every path on which ePHI travels, and decides by its risk analysis how each is protected."
	}
	return "", ""
}

func sharedOther(id safeguard.Control) (service, organisation string) {
	switch id {
	case safeguard.MinimumNecessary, safeguard.MinimumNecessaryUses, safeguard.MinimumNecessaryDisclosures, safeguard.MinimumNecessaryRequests:
		return "Gives each role and purpose the fields that it needs and no others.",
			"Identifies who needs which information for what, and sets the criteria."
	case safeguard.DeidentifiedUses, safeguard.DeidentificationStandard, safeguard.SafeHarbor, safeguard.ReidentificationCodes, safeguard.LimitedDataSet:
		return "Marks what identifies, and removes it before data leave.",
			"Answers for actual knowledge, agreements and the use that is made of the data."
	case safeguard.AccountingRight, safeguard.AccountingContent:
		return "Records disclosures with recipient, description and purpose.",
			"Gives individuals the accounting, and keeps that of other systems."
	case safeguard.BreachRiskAssessment, safeguard.BreachDiscovery, safeguard.BreachBurdenOfProof:
		return "Keeps records from which an incident can be reconstructed.",
			"Assesses, decides, notifies and documents."
	}
	return "", ""
}
