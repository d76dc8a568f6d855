package kafkatest

import (
	"encoding/base64"
	"fmt"
	"time"
)

// UnsecuredToken returns a token without a signature (RFC 7515, appendix A.5),
// which the listener of WithLogin takes for an hour.
func UnsecuredToken() string {
	part := func(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }
	now := time.Now().Unix()
	return part(`{"alg":"none"}`) + "." + part(fmt.Sprintf(`{"sub":"alice","iat":%d,"exp":%d}`, now, now+3600)) + "."
}
