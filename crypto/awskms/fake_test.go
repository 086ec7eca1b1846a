package awskms_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"
)

const (
	accessKey = "AKIDEXAMPLE"
	secretKey = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
	region    = "eu-central-1"
	keyARN    = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	otherARN  = "arn:aws:kms:eu-central-1:111122223333:key/ffffabcd-12ab-34cd-56ef-1234567890ab"
)

// fake serves Encrypt and Decrypt of the JSON 1.1 API of AWS KMS: signature,
// encryption context, sizes, error shapes and, with real AES-GCM, what KMS
// authenticates. It has no grants, no aliases, no asymmetric keys.
type fake struct {
	*httptest.Server
	keys   map[string]cipher.AEAD
	calls  atomic.Int64
	down   atomic.Bool
	policy atomic.Pointer[func(target string, context map[string]string) bool]
	answer atomic.Pointer[http.HandlerFunc] // in the API's place

	mu   sync.Mutex
	hung chan struct{}
	log  []map[string]string // encryption contexts, as CloudTrail has them
}

type request struct {
	KeyId                      string
	Plaintext, CiphertextBlob  []byte
	EncryptionContext          map[string]string
	EncryptionAlgorithm        string
	GrantTokens                []string
	DryRun                     bool
	DryRunModifiers, Recipient json.RawMessage
}

func newFake(t *testing.T) *fake {
	f := &fake{keys: make(map[string]cipher.AEAD)}
	for _, arn := range []string{keyARN, otherARN} {
		material := make([]byte, 32)
		rand.Read(material)
		block, err := aes.NewCipher(material)
		require.NoError(t, err)
		f.keys[arn], err = cipher.NewGCMWithRandomNonce(block)
		require.NoError(t, err)
	}
	f.Server = httptest.NewTLSServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

// config is of a client that trusts the server and retries at once.
func (f *fake) config() *aws.Config {
	return &aws.Config{
		BaseEndpoint: aws.String(f.URL), HTTPClient: f.Client(),
		Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		},
	}
}

func (f *fake) hang() func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	hung := make(chan struct{})
	f.hung = hung
	return func() { close(hung) }
}

func (f *fake) outage() func() {
	f.down.Store(true)
	return func() { f.down.Store(false) }
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	f.calls.Add(1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	hung := f.hung
	f.mu.Unlock()
	if hung != nil {
		select {
		case <-hung:
		case <-r.Context().Done():
		}
	}
	if answer := f.answer.Load(); answer != nil {
		(*answer)(w, r)
		return
	}
	if f.down.Load() {
		refuse(w, http.StatusServiceUnavailable, "ServiceUnavailableException")
		return
	}
	f.operate(w, r, body)
}

func (f *fake) operate(w http.ResponseWriter, r *http.Request, body []byte) {
	if r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" || !signed(r, body) {
		refuse(w, http.StatusBadRequest, "InvalidSignatureException")
		return
	}
	var in request
	if json.Unmarshal(body, &in) != nil {
		refuse(w, http.StatusBadRequest, "SerializationException")
		return
	}
	f.mu.Lock()
	f.log = append(f.log, in.EncryptionContext)
	f.mu.Unlock()
	target := r.Header.Get("X-Amz-Target")
	if policy := f.policy.Load(); policy != nil && !(*policy)(target, in.EncryptionContext) {
		refuse(w, http.StatusBadRequest, "AccessDeniedException")
		return
	}
	aead := f.keys[in.KeyId]
	if aead == nil {
		refuse(w, http.StatusBadRequest, "NotFoundException")
		return
	}
	switch target {
	case "TrentService.Encrypt":
		encrypt(w, aead, in)
	case "TrentService.Decrypt":
		decrypt(w, aead, in)
	default:
		refuse(w, http.StatusBadRequest, "UnknownOperationException")
	}
}

func encrypt(w http.ResponseWriter, aead cipher.AEAD, in request) {
	if len(in.Plaintext) < 1 || len(in.Plaintext) > 4096 {
		refuse(w, http.StatusBadRequest, "ValidationException")
		return
	}
	blob := append([]byte(in.KeyId+"\n"), aead.Seal(nil, nil, in.Plaintext, bound(in))...)
	reply(w, map[string]any{"KeyId": in.KeyId, "CiphertextBlob": blob, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"})
}

func decrypt(w http.ResponseWriter, aead cipher.AEAD, in request) {
	if len(in.CiphertextBlob) < 1 || len(in.CiphertextBlob) > 6144 {
		refuse(w, http.StatusBadRequest, "ValidationException")
		return
	}
	key, sealed, ok := strings.Cut(string(in.CiphertextBlob), "\n")
	if ok && key == otherARN && in.KeyId == keyARN {
		refuse(w, http.StatusBadRequest, "IncorrectKeyException")
		return
	}
	plaintext, err := aead.Open(nil, nil, []byte(sealed), bound(in))
	if err != nil || key != in.KeyId {
		refuse(w, http.StatusBadRequest, "InvalidCiphertextException")
		return
	}
	reply(w, map[string]any{"KeyId": in.KeyId, "Plaintext": plaintext, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"})
}

// bound is what is authenticated: the pairs of the encryption context, in order.
func bound(in request) []byte {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(in.EncryptionContext)) {
		pairs = append(pairs, strconv.Quote(name)+":"+strconv.Quote(in.EncryptionContext[name]))
	}
	return []byte(strings.Join(pairs, ","))
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", "req-1")
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", "req-1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{
		"__type": code, "message": "User: arn:aws:iam::111122223333:user/" + secretKey + " is not authorized",
	})
}

// signed checks the request's Signature Version 4.
func signed(r *http.Request, body []byte) bool {
	pattern := regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=` + accessKey + `/(\d{8})/` + region +
		`/kms/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$`)
	parts := pattern.FindStringSubmatch(r.Header.Get("Authorization"))
	if parts == nil {
		return false
	}
	day, names := parts[1], parts[2]
	var headers strings.Builder
	for name := range strings.SplitSeq(names, ";") {
		value := strings.TrimSpace(r.Header.Get(name))
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.Itoa(len(body))
		}
		headers.WriteString(name + ":" + value + "\n")
	}
	canonical := strings.Join([]string{r.Method, "/", "", headers.String(), names, digest(body)}, "\n")
	scope := day + "/" + region + "/kms/aws4_request"
	text := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), scope, digest([]byte(canonical))}, "\n")
	key := []byte("AWS4" + secretKey)
	for _, part := range []string{day, region, "kms", "aws4_request", text} {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(part))
		key = m.Sum(nil)
	}
	return strings.Contains(names, "x-amz-target") && hmac.Equal([]byte(hex.EncodeToString(key)), []byte(parts[3]))
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
