package awskms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	tinkkms "github.com/tink-crypto/tink-go-awskms/v3/integration/awskms"

	"github.com/safeguard-sdk/safeguard/crypto"
)

const (
	// MaxPlaintext is the longest plaintext that KMS encrypts, in bytes. The
	// shortest is 1.
	//
	// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
	MaxPlaintext = 4096
	// DefaultTimeout bounds one operation with its retries.
	//
	// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
	DefaultTimeout = 10 * time.Second
)

// Options are the settings of a [KEK]. The zero value, and nil, are the
// defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Options struct {
	// Config is of the AWS SDK: credentials, retries, endpoint, HTTP client.
	// nil loads the SDK's default: environment, shared files, instance role;
	// three attempts. The region is always the key's own.
	Config *aws.Config
	// Timeout bounds one operation with its retries. 0 is DefaultTimeout; at
	// most a minute. A shorter deadline of the context holds.
	Timeout time.Duration
	// InsecureHTTP allows an endpoint without TLS, for a stand-in of KMS on
	// the same host. Plaintext keysets cross that connection.
	InsecureHTTP bool
}

// A KEK is a symmetric key in AWS KMS. It implements [crypto.KEK] and
// [crypto.Located], is safe for concurrent use and never prints. The zero KEK
// is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
type KEK struct {
	aead    crypto.KEK
	timeout time.Duration
}

// New returns the KEK with the given key ARN, which it does not call. An ARN
// of an alias, and a bare key id, are refused: what an alias points to can be
// changed by who may not change the key, and neither names the account.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func New(ctx context.Context, keyARN string, opts *Options) (*KEK, error) {
	if opts == nil {
		opts = &Options{}
	}
	if opts.Timeout < 0 || opts.Timeout > time.Minute {
		return nil, errors.New("awskms: new: Timeout must be 0 to a minute")
	}
	region, err := regionOf(keyARN)
	if err != nil {
		return nil, err
	}
	client, err := newClient(ctx, region, opts)
	if err != nil {
		return nil, err
	}
	aead, err := tinkkms.NewAEADWithContext(ctx, keyARN, tinkkms.WithKMS(withTenant{client}))
	if err != nil {
		return nil, errors.New("awskms: new: refused by Tink's driver")
	}
	return &KEK{aead, cmp.Or(opts.Timeout, DefaultTimeout)}, nil
}

func regionOf(keyARN string) (string, error) {
	arn := regexp.MustCompile(`^arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:key/[A-Za-z0-9-]{1,64}$`)
	match := arn.FindStringSubmatch(keyARN)
	if match == nil {
		return "", errors.New("awskms: new: not the ARN of a KMS key (arn:aws:kms:region:account:key/id)")
	}
	return match[1], nil
}

func newClient(ctx context.Context, region string, opts *Options) (*kms.Client, error) {
	var cfg aws.Config
	if opts.Config != nil {
		cfg = opts.Config.Copy()
	} else {
		var err error
		if cfg, err = config.LoadDefaultConfig(ctx); err != nil {
			return nil, fmt.Errorf("awskms: new: load the configuration: %w", err)
		}
	}
	cfg.Region = region
	client := kms.NewFromConfig(cfg)
	endpoint := aws.ToString(client.Options().BaseEndpoint)
	if strings.HasPrefix(strings.ToLower(endpoint), "http:") && !opts.InsecureHTTP {
		return nil, errors.New("awskms: new: the endpoint is without TLS")
	}
	return client, nil
}

// EncryptWithContext implements [crypto.KEK], with one request to KMS. An error
// is an [*Error].
func (k *KEK) EncryptWithContext(ctx context.Context, plaintext, associatedData []byte) ([]byte, error) {
	if len(plaintext) == 0 || len(plaintext) > MaxPlaintext {
		return nil, &Error{Op: "encrypt", Code: "plaintext must be 1 to 4096 bytes"}
	}
	return k.call(ctx, "encrypt", func(ctx context.Context) ([]byte, error) {
		return k.aead.EncryptWithContext(ctx, plaintext, associatedData)
	})
}

// DecryptWithContext implements [crypto.KEK], with one request to KMS. An error
// is an [*Error].
func (k *KEK) DecryptWithContext(ctx context.Context, ciphertext, associatedData []byte) ([]byte, error) {
	if len(ciphertext) == 0 {
		return nil, &Error{Op: "decrypt", Code: "no ciphertext"}
	}
	return k.call(ctx, "decrypt", func(ctx context.Context) ([]byte, error) {
		return k.aead.DecryptWithContext(ctx, ciphertext, associatedData)
	})
}

func (k *KEK) call(ctx context.Context, op string, f func(context.Context) ([]byte, error)) ([]byte, error) {
	if k == nil || k.aead == nil {
		return nil, &Error{Op: op, Code: "the KEK is not initialised"}
	}
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return nil, &Error{Op: op, err: err}
	}
	out, err := f(ctx)
	if err != nil {
		return nil, newError(ctx, op, err)
	}
	if len(out) == 0 { // nothing that was encrypted is empty
		return nil, &Error{Op: op, Code: "empty answer", temporary: true}
	}
	return out, nil
}

// KeyLocation implements [crypto.Located].
func (k *KEK) KeyLocation() crypto.Location { return crypto.LocationSeparate }

// Format writes a redaction under every verb.
func (k *KEK) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[key-encryption key]") }
