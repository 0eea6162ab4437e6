# syntax=docker/dockerfile:1
# The service for production: `serve` by default, everything from the environment, no root, no writable root file system.

FROM rust:1.95-bookworm AS build
# Lists the parts of the program.
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Cargo.toml Cargo.lock openapi.yaml ./
COPY src src
COPY templates templates
COPY migrations migrations
COPY samples samples
COPY tools/sbom.py tools/sbom.py
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin whitelist \
    && install -D --strip target/release/whitelist /out/whitelist \
    && python3 tools/sbom.py >/out/sbom.cdx.json

FROM debian:bookworm-slim
# Root certificates, to read the signing keys of token issuers over https; a Chinese font, whose glyphs signed certificates embed.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates fonts-wqy-microhei \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 whitelist \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin whitelist \
    && install -d -o whitelist -g whitelist -m 0700 /data
COPY --from=build /out/whitelist /usr/local/bin/whitelist
# What the program is made of (CycloneDX).
COPY --from=build /out/sbom.cdx.json /usr/share/doc/whitelist/sbom.cdx.json
USER 10001:10001
WORKDIR /data
ENV WHITELIST_DATA=/data \
    WHITELIST_LISTEN=0.0.0.0:8080
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --retries=3 --start-period=30s CMD ["whitelist", "health"]
ENTRYPOINT ["whitelist"]
CMD ["serve"]
