# One image for `serve` and for `agent` (which drives the named beside it).
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
ARG DATE=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-X main.version=${VERSION} -X main.date=${DATE}" -o /opsledger ./cmd/opsledger

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends bind9 bind9-utils bind9-dnsutils ca-certificates curl tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --home-dir /var/lib/opsledger --create-home opsledger
COPY --from=build /opsledger /usr/local/bin/opsledger
USER opsledger
WORKDIR /var/lib/opsledger
VOLUME /var/lib/opsledger
ENTRYPOINT ["opsledger"]
CMD ["serve"]
