package evidence

import "github.com/safeguard-sdk/safeguard"

// drafts returns the policies without settings, new for every call.
func drafts() []Policy {
	return []Policy{
		accessControlDraft(), encryptionDraft(), monitoringDraft(), classificationDraft(), acceptableUseDraft(),
		riskDraft(), incidentDraft(), contingencyDraft(), associatesDraft(), sanctionDraft(), officerDraft(),
	}
}

func rule(text string, ids ...safeguard.Control) Clause { return Clause{Text: text, Controls: ids} }

func beyond(text string) Clause { return Clause{Text: text} }

func ask(key, text string) Question { return Question{Key: key, Text: text} }

func setting(name, schema, key string) Setting { return Setting{Name: name, schema: schema, key: key} }

func accessControlDraft() Policy {
	return Policy{
		ID: "access-control", Title: "Access control, identity and sessions",
		Clauses: []Clause{
			rule("Electronic protected health information (ePHI) is accessible only to persons and programs that have been granted access rights under this policy.", safeguard.AccessControl, safeguard.InformationAccessManagement),
			rule("Uses and disclosures are limited to the minimum necessary; roles and the categories of information that each needs are written down in the policy of the service.", safeguard.MinimumNecessary, safeguard.MinimumNecessaryUses),
			rule("Access is granted, reviewed and modified on the decision of the person named below, which is documented.", safeguard.AccessAuthorization, safeguard.AccessEstablishmentAndModification, safeguard.AuthorizationAndSupervision),
			rule("Clearance: before access is granted it is determined that the access is appropriate.", safeguard.WorkforceClearanceProcedure),
			rule("Every person and program has a unique identity. Nobody acts under a shared one.", safeguard.UniqueUserIdentification),
			rule("The service verifies that a person or entity seeking access is the one claimed.", safeguard.PersonOrEntityAuthentication),
			rule("Emergency access: the procedure below is for those who must obtain necessary ePHI during an emergency.", safeguard.EmergencyAccessProcedure),
			rule("Electronic sessions end after the time of inactivity that is set in the service.", safeguard.AutomaticLogoff),
			rule("Access ends when employment or another arrangement ends, or when a change of duties requires it.", safeguard.TerminationProcedures),
			rule("Passwords are created, changed and safeguarded as the organisation's procedure says.", safeguard.PasswordManagement),
			beyond("Those who may use emergency access are on a roster and declare an emergency purpose of use; each emergency access is recorded."),
			beyond("Each emergency access is reviewed by somebody else; the rule asks for the procedure, not for this review."),
			beyond("Accounts of persons who leave are closed within the time below; the rule names no time."),
		},
		Settings: []Setting{
			setting("Idle limit of sessions", "session.settings", "idle"),
			setting("Absolute limit of sessions", "session.settings", "absolute"),
			setting("Documented deviation from the default limits", "session.settings", "deviation"),
			setting("Roles in the policy of the service", "access.policy", "roles"),
		},
		Questions: []Question{
			ask("grants", "Who decides on grants of access, and who may not decide for themselves?"),
			ask("review", "How often is each right of access reviewed, and by whom?"),
			ask("emergency", "Who may initiate emergency access, and how is it ended?"),
			ask("termination", "Within what time is access ended, and who tells the service?"),
			ask("logoff", "Which risk analysis supports the times of logoff above?"),
			ask("clearance", "What clearance comes before access, for which roles?"),
		},
	}
}

func encryptionDraft() Policy {
	return Policy{
		ID: "encryption", Title: "Encryption, integrity and transmission",
		Clauses: []Clause{
			rule("A mechanism to encrypt and decrypt ePHI is implemented where the risk analysis finds it reasonable and appropriate; where not, that decision is documented, and an equivalent measure is implemented if that is reasonable and appropriate. The rule names no algorithm.", safeguard.EncryptionAndDecryption),
			rule("ePHI is protected from improper alteration or destruction.", safeguard.Integrity),
			rule("Electronic mechanisms corroborate that ePHI has not been altered or destroyed in an unauthorized manner.", safeguard.MechanismToAuthenticateEPHI),
			rule("ePHI that is transmitted over an electronic communications network is guarded against unauthorized access.", safeguard.TransmissionSecurity),
			rule("Transmitted ePHI is not improperly modified without detection.", safeguard.IntegrityControls),
			rule("Transmitted ePHI is encrypted whenever deemed appropriate. The rule names no version of TLS.", safeguard.TransmissionEncryption),
			beyond("Keys are held apart from the data that they protect, so that a loss of the data alone is no loss of unsecured PHI."),
			beyond("Keys are rotated at the interval below and before their limits of use."),
		},
		Settings: []Setting{
			setting("Where the key-encryption key lies", "crypto.keys", "kek.location"),
			setting("Limit of messages under one key", "crypto.settings", "seal.limit"),
			setting("Interval at which the log is signed", "audit.ledger", "checkpoint.interval"),
		},
		Questions: []Question{
			ask("scope", "Which ePHI is encrypted at rest, where, and by which risk analysis is the rest not?"),
			ask("keys", "Who can create, change and destroy keys, and who holds their backup?"),
			ask("rotation", "How often are keys rotated?"),
			ask("transmission", "On which paths does ePHI travel, and how is each protected?"),
		},
	}
}

func monitoringDraft() Policy {
	return Policy{
		ID: "monitoring", Title: "Monitoring, review of activity and retention",
		Clauses: []Clause{
			rule("Mechanisms record and examine activity in the systems that contain or use ePHI.", safeguard.AuditControls),
			rule("Records of activity, such as audit logs, access reports and incident tracking reports, are reviewed regularly.", safeguard.InformationSystemActivityReview),
			rule("Log-in attempts are monitored and discrepancies are reported.", safeguard.LoginMonitoring),
			rule("Required documentation is kept for six years from its creation or from when it last was in effect, whichever is later.", safeguard.DocumentationTimeLimit),
			rule("Disclosures are recorded so that individuals can be given an accounting of them.", safeguard.AccountingRight),
			beyond("The log itself is kept for the time below. The six years of the rule are those of documentation and of the accounting; it names no time for logs."),
			beyond("A signed checkpoint of the log is kept on another machine, which is what shows a later change."),
		},
		Settings: []Setting{
			setting("Time within which a record must be durable", "audit.settings", "deadline"),
			setting("Interval at which the log is signed", "audit.ledger", "checkpoint.interval"),
		},
		Questions: []Question{
			ask("reviewer", "Who reviews which records, how often, and who certifies the review?"),
			ask("systems", "Which systems contain or use ePHI, and how was it decided what each records?"),
			ask("logins", "Who is told of which discrepancies at log-in?"),
			ask("retention", "How long are logs kept, and where are the copies of checkpoints?"),
		},
	}
}

func classificationDraft() Policy {
	return Policy{
		ID: "data-classification", Title: "Data classification, devices and media",
		Clauses: []Clause{
			rule("Health information counts as de-identified only if it does not identify an individual and there is no reasonable basis to believe that it can be used to identify one. A pseudonym is not de-identification.", safeguard.DeidentificationStandard),
			rule("Receipt, removal and movement of hardware and media that contain ePHI are governed by this policy.", safeguard.DeviceAndMediaControls),
			rule("ePHI, and the hardware or media on which it is stored, are finally disposed of as the procedure below says.", safeguard.MediaDisposal),
			rule("ePHI is removed from media before they are used again.", safeguard.MediaReuse),
			rule("Movements of hardware and media, and the person responsible for each, are recorded.", safeguard.MediaAccountability),
			rule("A retrievable exact copy of ePHI is made, when needed, before equipment is moved.", safeguard.MediaBackup),
			beyond("Data are classified as protected health information, information that identifies in combination, and information that was de-identified."),
			beyond("A field that nobody has classified is treated as protected health information."),
		},
		Questions: []Question{
			ask("inventory", "Where is ePHI held, on which systems, devices and media?"),
			ask("disposal", "How are media sanitized or destroyed, and who verifies it?"),
			ask("movements", "Who approves and records movements?"),
		},
	}
}

func acceptableUseDraft() Policy {
	return Policy{
		ID: "acceptable-use", Title: "Acceptable use and workstations",
		Clauses: []Clause{
			rule("The proper functions to be performed on workstations that can access ePHI, the manner in which they are performed, and the surroundings of those workstations are specified below.", safeguard.WorkstationUse),
			rule("Physical safeguards restrict access to those workstations to authorized users.", safeguard.WorkstationSecurity),
			rule("Workstations are guarded against malicious software, and it is detected and reported.", safeguard.ProtectionFromMaliciousSoftware),
			beyond("Users log off or lock a workstation when they leave it; the service ends sessions by itself as well."),
			beyond("ePHI is entered into an external service, one with a language model included, only if it is on the list of business associates for that purpose."),
		},
		Settings: []Setting{setting("Idle limit of sessions", "session.settings", "idle")},
		Questions: []Question{
			ask("classes", "Which classes of workstation are there, and what may be done on each?"),
			ask("own", "May own devices be used, and under which conditions?"),
			ask("surroundings", "Where do workstations stand, and how is the view on them restricted?"),
		},
	}
}
