# Spaza in an image of its own: the static binary, CA certificates, time zones,
# and a directory for its data. Nothing else is in it, not even a shell.
#
#   docker build --build-arg VERSION=v1.2.3 -t spaza .
#   docker run -p 8080:8080 -v spaza-data:/data -e SPAZA_USSD_KEY=... spaza
#
# For production set SPAZA_ENV=production; the service then lists everything
# that is still missing. The admin listener stays on the container's loopback
# until SPAZA_ADMIN_LISTEN=0.0.0.0:8081 and SPAZA_ADMIN_TOKEN say otherwise.

FROM golang:1.26-bookworm AS build
WORKDIR /src
# Modules first: they change less often than the code.
COPY go.mod go.sum ./
RUN go mod download && go mod verify
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /image/spaza ./cmd/spaza \
    && mkdir -p /image/data /image/tmp /image/etc/ssl/certs /image/usr/share \
    && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
    && cp "$(go env GOROOT)/lib/time/zoneinfo.zip" /image/usr/share/zoneinfo.zip \
    && printf 'spaza:x:10001:10001::/data:/\n' > /image/etc/passwd \
    && chmod 0700 /image/data && chmod 1777 /image/tmp \
    && chown 10001:10001 /image/data

FROM scratch
COPY --from=build /image/ /
# A number, so that a cluster can see that it is not root.
USER 10001:10001
ENV ZONEINFO=/usr/share/zoneinfo.zip \
    SPAZA_LISTEN=0.0.0.0:8080 \
    SPAZA_DATA_DIR=/data
VOLUME /data
# Public listener, and the admin listener once it is opened.
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["/spaza", "health"]
ENTRYPOINT ["/spaza"]
CMD ["serve"]
