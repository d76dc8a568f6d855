package watermill

import (
	"context"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/sasl"

	"github.com/pipeline-daemon/pipeline"
	ownkafka "github.com/pipeline-daemon/pipeline/internal/kafka"
)

// connect sets how to connect, once a broker answers. It waits for that as the
// source and the sink kafka do, who can say what is wrong about the options.
func (o *kafkaOptions) connect(ctx context.Context, env pipeline.Env, c *sarama.Config) error {
	client, err := ownkafka.Connect(ctx, &o.Options, env.Log)
	if err != nil {
		return err
	}
	client.Close()
	c.ClientID = o.ClientID
	if o.TLS != nil {
		config, err := o.TLS.Config()
		if err != nil {
			return pipeline.Permanent(err)
		}
		c.Net.TLS.Enable, c.Net.TLS.Config = true, config
	} else {
		c.Net.Proxy.Enable, c.Net.Proxy.Dialer = true, ownkafka.Dialer{}
	}
	if o.SASL != nil {
		to := &c.Net.SASL
		to.Enable, to.Mechanism = true, sarama.SASLMechanism(o.SASL.Mechanism)
		to.User, to.Password, to.TokenProvider = o.SASL.Username, o.SASL.Password, token(o.SASL.Token)
		to.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scram{login: o.SASL.Login()} }
	}
	return nil
}

// token is what OAUTHBEARER logs in with.
type token string

var _ sarama.AccessTokenProvider = token("")

// Token implements sarama.AccessTokenProvider.
func (t token) Token() (*sarama.AccessToken, error) {
	return &sarama.AccessToken{Token: string(t)}, nil
}

// scram is one login of franz-go's, made by sarama, which has none of its own.
type scram struct {
	login   sasl.Mechanism
	session sasl.Session
	done    bool
}

var _ sarama.SCRAMClient = (*scram)(nil)

// Begin implements sarama.SCRAMClient. The login knows the user.
func (*scram) Begin(_, _, _ string) error { return nil }

// Step implements sarama.SCRAMClient. The first challenge is empty.
func (s *scram) Step(challenge string) (answer string, err error) {
	var text []byte
	if s.session == nil {
		s.session, text, err = s.login.Authenticate(context.Background(), "")
	} else {
		s.done, text, err = s.session.Challenge([]byte(challenge))
	}
	return string(text), err
}

// Done implements sarama.SCRAMClient.
func (s *scram) Done() bool { return s.done }
