package main

import (
	"errors"
	"net/http"

	"github.com/safeguard-sdk/safeguard/access"
)

// readPatient answers with the Patient resource, as far as the decision goes.
func (h *house) readPatient(w http.ResponseWriter, r *http.Request) {
	h.answer(w, r, columnPatient)
}

// readChart answers with the whole bundle, as far as the decision goes.
func (h *house) readChart(w http.ResponseWriter, r *http.Request) {
	h.answer(w, r, columnRecord)
}

func (h *house) answer(w http.ResponseWriter, r *http.Request, column string) {
	plain, err := h.charts.get(r.Context(), r.PathValue("id"), column)
	if err != nil {
		_ = access.Error(w, r, status(err))
		return
	}
	w.Header().Set("Content-Type", "application/fhir+json")
	_ = access.WriteJSON(w, r, http.StatusOK, plain)
}

// deidentify answers with a copy of the chart that the Safe Harbor engine has
// transformed.
func (h *house) deidentify(w http.ResponseWriter, r *http.Request) {
	plain, err := h.charts.get(r.Context(), r.PathValue("id"), columnRecord)
	if err != nil {
		_ = access.Error(w, r, status(err))
		return
	}
	out, report, err := h.deid.FHIR(r.Context(), nil, plain)
	if err != nil {
		_ = access.Error(w, r, http.StatusInternalServerError)
		return
	}
	h.report.Store(report)
	w.Header().Set("Content-Type", "application/fhir+json")
	_, _ = w.Write(out)
}

func status(err error) int {
	if errors.Is(err, errNoChart) {
		return http.StatusNotFound
	}
	return http.StatusInternalServerError
}
