package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/workforce"
)

// ended is what the staff office hears of a termination. The policy names each
// of its fields.
type ended struct {
	Local      time.Duration             `json:"local"`
	TimeToDeny time.Duration             `json:"timeToDeny"`
	Replicas   []workforce.ReplicaReport `json:"replicas"`
}

// terminate ends an account. It is the caller's doing, and the log says so. A
// caller who hangs up, or whose own account it is, takes nothing back.
func terminate(w http.ResponseWriter, r *http.Request, registry *workforce.Registry) {
	report, err := registry.Terminate(r.Context(), workforce.Termination{
		Account: r.PathValue("account"), Reason: "left the hospital", Ticket: "HR-1021", // a service reads them from the request
	})
	if err != nil {
		// The account is denied here all the same: the staff office repeats it.
		_ = access.Error(w, r, http.StatusServiceUnavailable)
		return
	}
	body, _ := json.Marshal(ended{report.Local, report.TimeToDeny, report.Replicas})
	_ = access.WriteJSON(w, r, http.StatusOK, body)
}

// end asks r, as somebody, to end an account.
func (r *replica) end(ctx context.Context, who, account string) (status string, report ended, err error) {
	res, err := r.send(ctx, http.MethodPost, "/accounts/"+account+"/termination", who)
	if err != nil {
		return "", ended{}, err
	}
	defer res.Body.Close() //nolint:errcheck // was only read
	return res.Status, report, json.NewDecoder(res.Body).Decode(&report)
}
