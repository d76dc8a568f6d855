# A static binary, run without privileges, with nothing else in the image but
# the certificates of public authorities.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/pipeline ./cmd/pipeline && mkdir -p /out/work

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/pipeline /usr/local/bin/pipeline
COPY --from=build --chown=65532:65532 /out/work /srv
COPY --chown=65532:65532 pipelines /srv/pipelines
COPY --chown=65532:65532 data /srv/data
COPY --chown=65532:65532 schemas /srv/schemas
WORKDIR /srv
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/pipeline"]
CMD ["run", "pipelines/replay.yaml"]
