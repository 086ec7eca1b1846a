package evidence

import "github.com/safeguard-sdk/safeguard"

func riskDraft() Policy {
	return Policy{
		ID: "risk-management", Title: "Risk analysis, risk management, evaluation and documentation",
		Clauses: []Clause{
			rule("An accurate and thorough assessment is made of the potential risks and vulnerabilities to the confidentiality, integrity and availability of all ePHI that the organisation holds.", safeguard.RiskAnalysis),
			rule("Security measures reduce risks and vulnerabilities to a reasonable and appropriate level.", safeguard.RiskManagement, safeguard.SecurityManagementProcess),
			rule("Technical and nontechnical evaluations are made periodically, and in response to environmental or operational changes.", safeguard.Evaluation),
			rule("Reasonable and appropriate policies and procedures are implemented, and may be changed at any time if the changes are documented.", safeguard.PoliciesAndProcedures),
			rule("Policies and procedures, and actions, activities and assessments that the rule requires to be documented, are kept in writing, which may be electronic.", safeguard.Documentation),
			rule("Documentation is available to those responsible for implementing the procedures.", safeguard.DocumentationAvailability),
			rule("Documentation is reviewed periodically and updated as needed, in response to environmental or operational changes.", safeguard.DocumentationUpdates),
			beyond("The risk analysis is reviewed at the interval below, and when a system, vendor, role or AI model is added. The rule names no interval."),
		},
		Questions: []Question{
			ask("acceptance", "What level of risk is acceptable, and who accepts it?"),
			ask("interval", "How often are risk analysis, evaluation and policies reviewed?"),
			ask("changes", "Which changes of technology start a review, and who tells whom?"),
			ask("availability", "Where do those who need the policies find them?"),
		},
	}
}

func incidentDraft() Policy {
	return Policy{
		ID: "incident-response", Title: "Security incidents and breach notification",
		Clauses: []Clause{
			rule("Security violations are prevented, detected, contained and corrected.", safeguard.SecurityManagementProcess),
			rule("Suspected or known security incidents are identified and responded to; harmful effects are mitigated to the extent practicable; incidents and their outcomes are documented.", safeguard.SecurityIncidentProcedures, safeguard.IncidentResponse),
			rule("An impermissible use or disclosure is presumed to be a breach unless a documented assessment of at least the four factors demonstrates a low probability that the information has been compromised.", safeguard.BreachRiskAssessment),
			rule("Individuals are notified without unreasonable delay and in no case later than 60 calendar days after discovery.", safeguard.BreachNoticeToIndividuals, safeguard.BreachNoticeTimeliness),
			rule("If more than 500 residents of a State or jurisdiction are affected, prominent media outlets serving it are notified within the same time.", safeguard.BreachNoticeToMedia, safeguard.BreachMediaTimeliness),
			rule("If 500 or more individuals are affected, the Secretary is notified contemporaneously with them.", safeguard.BreachNoticeToSecretary),
			rule("Breaches of fewer are logged and reported to the Secretary within 60 days after the end of the calendar year of discovery.", safeguard.BreachAnnualReport),
			rule("A business associate notifies the covered entity without unreasonable delay and in no case later than 60 calendar days after discovery.", safeguard.BreachNoticeByAssociate, safeguard.BreachAssociateTimeliness),
			rule("Records prove that all required notifications were made, or that the event was no breach.", safeguard.BreachBurdenOfProof),
			beyond("The organisation's own target for a decision is the time below; the 60 days are an outer limit."),
		},
		Questions: []Question{
			ask("report", "To whom, and by which way, does everybody report a suspected incident?"),
			ask("team", "Who responds, who assesses, and who decides on notification?"),
			ask("target", "What is the organisation's own target in days from discovery to notification?"),
			ask("states", "Which State laws and contracts ask for shorter times?"),
		},
	}
}

func contingencyDraft() Policy {
	return Policy{
		ID: "contingency", Title: "Contingency, backup and disaster recovery",
		Clauses: []Clause{
			rule("There are policies and procedures for responding to an emergency or other occurrence that damages systems that contain ePHI.", safeguard.ContingencyPlan),
			rule("Retrievable exact copies of ePHI are created and maintained.", safeguard.DataBackupPlan),
			rule("Loss of data is restored by the procedure below.", safeguard.DisasterRecoveryPlan),
			rule("Critical business processes that protect the security of ePHI continue in emergency mode.", safeguard.EmergencyModeOperationPlan),
			rule("Contingency plans are tested and revised periodically.", safeguard.ContingencyTesting),
			rule("The relative criticality of applications and data is assessed in support of the other parts of the plan.", safeguard.CriticalityAnalysis),
			rule("Facility access in support of restoration is possible in an emergency.", safeguard.ContingencyOperations),
			beyond("Keys are part of the backup, held apart from the data; a backup that nobody can open is none."),
			beyond("A drill restores a backup on another machine and compares hashes, at the interval below."),
		},
		Settings: []Setting{setting("Where the key-encryption key lies", "crypto.keys", "kek.location")},
		Questions: []Question{
			ask("backup", "What is backed up, how often, and where do the copies lie?"),
			ask("restore", "Who restores what in which order, and within what time?"),
			ask("tests", "How often is a restore tested, and who certifies the result?"),
			ask("emergency", "How do processes go on without the service?"),
		},
	}
}

func associatesDraft() Policy {
	return Policy{
		ID: "business-associates", Title: "Business associates",
		Clauses: []Clause{
			rule("A business associate creates, receives, maintains or transmits ePHI only after it has given satisfactory assurances that it will safeguard it.", safeguard.BusinessAssociateContractsStandard),
			rule("The assurances are documented in a written contract or other arrangement.", safeguard.WrittenContract, safeguard.BusinessAssociateArrangements),
			rule("The contract provides that the associate complies with the Security Rule, binds its subcontractors in the same way, and reports security incidents, including breaches of unsecured protected health information.", safeguard.BusinessAssociateContracts),
			rule("Contracts between an associate and its subcontractors meet the same requirements.", safeguard.SubcontractorContracts),
			beyond("The list of associates is compared with the recipients that the service really sends to, at the interval below."),
		},
		Questions: []Question{
			ask("list", "Who keeps the list of business associates and their contracts?"),
			ask("template", "Which contract template is used, and who approves deviations?"),
			ask("end", "What happens to the information when a contract ends?"),
			ask("review", "How often are associates reviewed?"),
		},
	}
}

func sanctionDraft() Policy {
	return Policy{
		ID: "sanction-training", Title: "Sanctions, awareness and training",
		Clauses: []Clause{
			rule("Appropriate sanctions are applied against workforce members who fail to comply with the security policies and procedures.", safeguard.SanctionPolicy),
			rule("There is a security awareness and training program for all members of the workforce, management included.", safeguard.SecurityAwarenessAndTraining),
			rule("Periodic security updates are sent.", safeguard.SecurityReminders),
			rule("Training covers guarding against, detecting and reporting malicious software, monitoring log-in attempts, and safeguarding passwords.", safeguard.ProtectionFromMaliciousSoftware, safeguard.LoginMonitoring, safeguard.PasswordManagement),
			beyond("Everybody is trained at the interval below. The rule asks for a program and periodic updates; it names no yearly training."),
		},
		Questions: []Question{
			ask("steps", "Which steps does the sanction process have, and who decides each?"),
			ask("program", "Who trains whom in what, and when is it due?"),
			ask("records", "Where are records of training and of sanctions kept?"),
		},
	}
}

func officerDraft() Policy {
	return Policy{
		ID: "security-officer", Title: "Designation of the Security Official",
		Clauses: []Clause{
			rule("The person named below is the Security Official, responsible for the development and implementation of the policies and procedures that the Security Rule requires.", safeguard.AssignedSecurityResponsibility),
			beyond("A deputy is named below. The rule asks for one responsible official."),
		},
		Questions: []Question{
			ask("official", "Who is the Security Official, a natural person, from which day?"),
			ask("duties", "What are the duties, and which are assigned to others?"),
			ask("deputy", "Who is the deputy?"),
		},
	}
}
